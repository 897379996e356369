import { describe, expect, it } from 'vitest';

import { match, nextOf, safeNext, to } from './routes';
import { isOfServer } from './server-paths';

describe('addresses', () => {
  it.each([
    ['/', 'home', {}],
    ['/@mina', 'person', { handle: 'mina' }],
    ['/@Mina_92/', 'person', { handle: 'Mina_92' }],
    ['/stories/181193933824000001', 'story', { story: '181193933824000001' }],
    ['/tags/%EC%84%9C%EC%9A%B8', 'tag', { tag: '서울' }],
    ['/public', 'public', {}],
    ['/friends', 'friends', {}],
    ['/friends/requests', 'friends', { list: 'requests' }],
    ['/friends/suggestions', 'friends', { list: 'suggestions' }],
    ['/invite', 'invite', {}],
    ['/saved', 'saved', {}],
    ['/settings/privacy', 'privacy', {}],
    ['/settings/delete', 'delete-account', {}],
    ['/settings/hidden/blocked', 'hidden', { hidden: 'blocked' }],
    ['/friends/blocked', 'hidden', { hidden: 'blocked' }],
    ['/friends/muted', 'hidden', { hidden: 'muted' }],
    ['/settings/hidden/requests', 'missing', {}],
    ['/login', 'log-in', {}],
    ['/signup', 'sign-up', {}],
    ['/stories/first', 'missing', {}],
    ['/@a', 'missing', {}],
    ['/friends/enemies', 'missing', {}],
    ['/tags/%E0%A4%A', 'missing', {}],
    ['/nowhere', 'missing', {}],
    ['//', 'home', {}],
  ])('%s shows %s', (path, page, params) => {
    expect(match(path)).toEqual({ page, params });
  });

  it('that are linked to lead back to their page', () => {
    expect(match(to.tag('서울/봄?')).params).toEqual({ tag: '서울/봄?' });
    expect(match(to.storyLikes('12')).page).toBe('likes');
    expect(match(to.commentLikes('12', '34'))).toEqual({ page: 'likes', params: { story: '12', comment: '34' } });
    expect(match(to.settingsPage('password')).page).toBe('password');
  });

  it.each([
    [null, '/'],
    ['/@mina', '/@mina'],
    ['/search?q=a', '/search?q=a'],
    ['//evil.example', '/'],
    ['/\\evil.example', '/'],
    ['https://evil.example', '/'],
    ['/nowhere', '/'],
  ])('%s after logging in leads to %s', (next, expected) => {
    expect(safeNext(next)).toBe(expected);
  });
});

it('a place to go to is kept from one address at the gate to the next', () => {
  expect(nextOf(new URLSearchParams('next=/tags/%EC%84%9C%EC%9A%B8&ended'))).toBe('?next=%2Ftags%2F%EC%84%9C%EC%9A%B8');
  expect(nextOf(new URLSearchParams('ended'))).toBe('');
});

it.each([
  ['/robots.txt', true],
  ['/favicon.ico', true],
  ['/problems/not_found', true],
  ['/v1/start', true],
  ['/docs', true],
  ['/', false],
  ['/stories/7', false],
  ['/v10', false],
  ['/@docs', false],
])('%s is shown by the server: %s', (path, is) => expect(isOfServer(path)).toBe(is));
