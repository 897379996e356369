import { beforeEach, expect, it } from 'vitest';

import { forgetCopies, taggedFetch } from './tagged';

const FEED = 'http://sosik.example/v1/feed?limit=20';

/** A server whose answer has this tag; it says 304 to whoever names it. */
function server(tag: string, body: string) {
  const asked: (string | null)[] = [];
  const fetch = (request: Request) => {
    const known = request.headers.get('If-None-Match');
    asked.push(known);
    if (known === tag) return Promise.resolve(new Response(null, { status: 304 }));
    return Promise.resolve(new Response(body, { headers: { ETag: tag, 'Content-Type': 'application/json' } }));
  };
  return { asked, fetch };
}

const get = async (url: string, fetch: (request: Request) => Promise<Response>) => (await taggedFetch(new Request(url), fetch)).json();

beforeEach(forgetCopies);

it('sends the tag of its copy, and gives the copy when that is still right', async () => {
  const { asked, fetch } = server('"1"', '{"items":[1]}');
  expect(await get(FEED, fetch)).toEqual({ items: [1] });
  expect(await get(FEED, fetch)).toEqual({ items: [1] });
  expect(asked).toEqual([null, '"1"']);
});

it('takes a new answer in the place of its copy', async () => {
  await get(FEED, server('"1"', '{"items":[1]}').fetch);
  const newer = server('"2"', '{"items":[2]}');
  expect(await get(FEED, newer.fetch)).toEqual({ items: [2] });
  expect(await get(FEED, newer.fetch)).toEqual({ items: [2] });
  expect(newer.asked).toEqual(['"1"', '"2"']);
});

it('forgets every copy at a log-out, and keeps no answer that was asked for before it', async () => {
  const { asked, fetch } = server('"1"', '{"items":[1]}');
  await get(FEED, fetch);
  forgetCopies();
  await get(FEED, (request) => {
    const answer = fetch(request);
    forgetCopies();
    return answer;
  });
  await get(FEED, fetch);
  expect(asked).toEqual([null, null, null]);
});

it('keeps no more copies than its maximum', async () => {
  const first = server('"1"', '{}');
  await get(`${FEED}&page=0`, first.fetch);
  for (let page = 1; page <= 20; page += 1) await get(`${FEED}&page=${page}`, first.fetch);
  await get(`${FEED}&page=0`, first.fetch);
  await get(`${FEED}&page=20`, first.fetch);
  expect(first.asked.slice(-2)).toEqual([null, '"1"']);
});

it('keeps nothing without a tag, and nothing but reads', async () => {
  const untagged: (string | null)[] = [];
  const fetch = (request: Request) => {
    untagged.push(request.headers.get('If-None-Match'));
    return Promise.resolve(new Response('{}'));
  };
  await get(FEED, fetch);
  await get(FEED, fetch);
  expect(untagged).toEqual([null, null]);
  const { asked, fetch: post } = server('"1"', '{}');
  for (let time = 0; time < 2; time += 1) await taggedFetch(new Request(FEED, { method: 'POST' }), post);
  expect(asked).toEqual([null, null]);
});
