// People of the tests, made and moved through the API.
import { inject } from 'vitest';

import { pause } from './server';

export const PASSWORD = 'a-kettle-on-the-hill-27';
const NAMES = ['김민아', '박서준', 'Ana Silva', '山田 花子', 'Oliver Reed', '이하린', '최도윤', '佐藤 蓮'];

let made = 0;

/** A person with a session. */
export class Person {
  id = '';
  constructor(
    readonly handle: string,
    readonly name: string,
    readonly url: string,
    private token = '',
  ) {}

  /** Makes an account under a handle that nobody else has. */
  static async join(options: { url?: string; name?: string; language?: string; handle?: string } = {}): Promise<Person> {
    const url = options.url ?? inject('url');
    made += 1;
    // Letters only, so that no two look alike: the server refuses confusable handles.
    const letters = [...(process.pid * 1000 + made).toString()].map((digit) => 'abcdefghkm'[Number(digit)]).join('');
    const person = new Person(options.handle ?? `p${letters}`, options.name ?? NAMES[made % NAMES.length]!, url);
    const body = { handle: person.handle, display_name: person.name, password: PASSWORD, language: options.language ?? 'ko' };
    const answer = (await person.ask('POST', '/v1/people', body)) as { person: { id: string }; token: string };
    person.id = answer.person.id;
    person.token = answer.token;
    return person;
  }

  /** Several at once. */
  static async several(count: number, url?: string): Promise<Person[]> {
    const people: Person[] = [];
    for (let index = 0; index < count; index += 1) people.push(await Person.join(url ? { url } : {}));
    return people;
  }

  /** One request with this person's token. */
  async ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<unknown> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(this.token ? { Authorization: `Bearer ${this.token}` } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? null : response.json();
  }

  async posts(text: string, audience = 'friends'): Promise<string> {
    return ((await this.ask('POST', '/v1/stories', { text, audience })) as { id: string }).id;
  }

  /** Many stories, as fast as the server takes them, in order. */
  async postsMany(count: number, text: (index: number) => string): Promise<string[]> {
    const ids: string[] = [];
    for (let index = 0; index < count; index += 1) ids.push(await this.posts(text(index)));
    return ids;
  }

  async befriends(other: Person): Promise<void> {
    await this.ask('PUT', `/v1/friend-requests/${other.id}`);
    await other.ask('POST', `/v1/friend-requests/${this.id}/accept`);
  }

  /** Comments on a story, or answers a comment on it. Returns the id. */
  async comments(story: string, text: string, answered?: string): Promise<string> {
    const body = answered ? { text, reply_to: answered } : { text };
    return ((await this.ask('POST', `/v1/stories/${story}/comments`, body)) as { id: string }).id;
  }

  /** Everything on this person's home feed, by id, newest first, as the server pages it. */
  async feed(): Promise<string[]> {
    const ids: string[] = [];
    let before: string | null = null;
    for (;;) {
      const query: string = before ? `&before=${encodeURIComponent(before)}` : '';
      const page = (await this.ask('GET', `/v1/feed?limit=100${query}`)) as { items: { id: string }[]; before: string | null; end: boolean };
      ids.push(...page.items.map((story) => story.id));
      if (page.end) return ids;
      before = page.before;
    }
  }

  /** Waits until stories are on this person's feed. */
  async sees(...stories: string[]): Promise<void> {
    await eventually(async () => {
      const feed = new Set(await this.feed());
      return stories.every((story) => feed.has(story));
    });
  }
}

/** Waits until something is so, at most so long as a busy machine may need. */
export async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  const until = Date.now() + 20_000;
  while (!(await isSo())) {
    if (Date.now() > until) throw new Error(`it never became so: ${isSo.toString()}`);
    await pause(50);
  }
}
