import { render, screen } from '@testing-library/svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { Failure } from '$/api/failure';
import FeedEnd from '$/feed/FeedEnd.svelte';

import Failed from './Failed.svelte';
import { answered } from './network.svelte';

beforeEach(() => answered(true));

/** The server goes away and comes back. */
function returns(): void {
  answered(false);
  answered(true);
}

describe('what could not be loaded', () => {
  it('is asked for again when the server is back', () => {
    const onagain = vi.fn();
    render(Failed, { title: 'Not loaded', failure: Failure.offline(), onagain });
    expect(screen.getByRole('alert').textContent).toContain('Not loaded');
    returns();
    expect(onagain).toHaveBeenCalledOnce();
  });

  it('is not asked for again when the answer would be the same', () => {
    const onagain = vi.fn();
    render(Failed, { title: 'Not loaded', failure: new Failure('not_found', 404), onagain });
    returns();
    expect(onagain).not.toHaveBeenCalled();
  });

  it('of a list goes on by itself', () => {
    const onagain = vi.fn();
    render(FeedEnd, { end: false, failure: Failure.offline(), onagain });
    returns();
    expect(onagain).toHaveBeenCalledOnce();
  });
});
