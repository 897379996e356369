// Answers that need not be sent again. The server forbids every cache to store what is one person's, because a browser would
// still show it after the person logged out. So this page keeps its own copies, in memory, with the tags by which it asks
// whether they are still right. A log-out forgets them; so does a new document.
import { whenForgetting } from '$/session/forgetting';

/** Copies kept: the first pages of the feed and the stories opened last. Beyond it the oldest goes. */
const COPIES_MAX = 20;

interface Copy {
  tag: string;
  body: string;
  type: string;
}

const copies = new Map<string, Copy>();

/** Counts log-outs: an answer that was asked for before one is not kept after it. */
let era = 0;

/** Forgets every copy: the next answer is for somebody else. */
export function forgetCopies(): void {
  copies.clear();
  era += 1;
}
whenForgetting(forgetCopies);

/** `fetch` that sends the tag of its copy, and gives the copy when the server says that it is still right. */
export async function taggedFetch(request: Request, fetch: (request: Request) => Promise<Response>): Promise<Response> {
  if (request.method !== 'GET') return fetch(request);
  const asked = era;
  const copy = copies.get(request.url);
  if (copy) request.headers.set('If-None-Match', copy.tag);
  const response = await fetch(request);
  if (response.status === 304 && copy) return new Response(copy.body, { status: 200, headers: { 'Content-Type': copy.type } });
  const tag = response.headers.get('ETag');
  if (!response.ok || !tag) return response;
  const body = await response.clone().text();
  if (asked === era) keep(request.url, { tag, body, type: response.headers.get('Content-Type') ?? '' });
  return response;
}

function keep(url: string, copy: Copy): void {
  copies.delete(url);
  copies.set(url, copy);
  for (const oldest of copies.keys()) {
    if (copies.size <= COPIES_MAX) break;
    copies.delete(oldest);
  }
}
