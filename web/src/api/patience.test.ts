import { describe, expect, it } from 'vitest';

import { patientFetch, type World } from './patience';

function worldOf(answers: (Response | Error)[]): World & { waits: number[]; asked: number } {
  const world = {
    waits: [] as number[],
    asked: 0,
    fetch: async () => {
      world.asked += 1;
      const answer = answers.shift();
      if (!answer) throw new TypeError('no answer prepared');
      if (answer instanceof Error) throw answer;
      return answer;
    },
    wait: async (milliseconds: number) => {
      world.waits.push(milliseconds);
    },
    chance: () => 0,
    online: () => true,
  };
  return world;
}

const busy = (seconds: string) => new Response(null, { status: 503, headers: { 'Retry-After': seconds } });
const fine = () => new Response('{}', { status: 200 });
const get = () => new Request('http://sosik.test/v1/feed');
const post = (headers = {}) => new Request('http://sosik.test/v1/stories', { method: 'POST', body: '{}', headers });

describe('patience', () => {
  it('comes back when a busy server says so', async () => {
    const world = worldOf([busy('2'), fine()]);
    expect((await patientFetch(get(), world)).status).toBe(200);
    expect(world.waits).toEqual([2000]);
  });

  it('gives up after three repeats and hands the answer on', async () => {
    const world = worldOf([busy('1'), busy('1'), busy('1'), busy('1')]);
    expect((await patientFetch(get(), world)).status).toBe(503);
    expect(world.asked).toBe(4);
  });

  it('leaves a long wait to the person', async () => {
    const world = worldOf([busy('60')]);
    expect((await patientFetch(get(), world)).status).toBe(503);
    expect(world.waits).toEqual([]);
  });

  it('survives a server that restarts', async () => {
    const world = worldOf([new TypeError('refused'), new TypeError('refused'), fine()]);
    expect((await patientFetch(get(), world)).status).toBe(200);
    expect(world.waits).toEqual([400, 800]);
  });

  it('never repeats a post without an idempotency key', async () => {
    const world = worldOf([busy('1'), fine()]);
    expect((await patientFetch(post(), world)).status).toBe(503);
    await expect(patientFetch(post(), worldOf([new TypeError('refused'), fine()]))).rejects.toThrow('refused');
  });

  it('repeats a post with an idempotency key, with its body', async () => {
    const bodies: string[] = [];
    const world = worldOf([]);
    world.fetch = async (request?: Request) => {
      bodies.push((await request?.text()) ?? '');
      return bodies.length === 1 ? busy('1') : fine();
    };
    await patientFetch(post({ 'Idempotency-Key': 'k' }), world);
    expect(bodies).toEqual(['{}', '{}']);
  });

  it('does not insist without a network', async () => {
    const world = worldOf([new TypeError('offline')]);
    world.online = () => false;
    await expect(patientFetch(get(), world)).rejects.toThrow('offline');
  });
});
