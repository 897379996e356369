// Every address of the client, and which page answers it. Pure, so that addresses are tested as a table.
//
// To add a page: a line here, one in pages/index.ts, its title among the messages.

/** The pages there are. */
export type PageName =
  | 'home'
  | 'compose'
  | 'story'
  | 'edit'
  | 'likes'
  | 'person'
  | 'tag'
  | 'public'
  | 'search'
  | 'friends'
  | 'notifications'
  | 'saved'
  | 'settings'
  | 'privacy'
  | 'profile-settings'
  | 'password'
  | 'sessions'
  | 'delete-account'
  | 'hidden'
  | 'invite'
  | 'log-in'
  | 'sign-up'
  | 'missing';

/** What an address asks for. */
export interface Match {
  page: PageName;
  params: Record<string, string>;
}

const ROUTES: [string, PageName][] = [
  ['/', 'home'],
  ['/compose', 'compose'],
  ['/stories/:story', 'story'],
  ['/stories/:story/edit', 'edit'],
  ['/stories/:story/likes', 'likes'],
  ['/stories/:story/comments/:comment/likes', 'likes'],
  ['/@:handle', 'person'],
  ['/tags/:tag', 'tag'],
  ['/public', 'public'],
  ['/search', 'search'],
  ['/friends', 'friends'],
  ['/friends/:list', 'friends'],
  ['/friends/:hidden', 'hidden'],
  ['/notifications', 'notifications'],
  ['/saved', 'saved'],
  ['/settings', 'settings'],
  ['/settings/privacy', 'privacy'],
  ['/settings/profile', 'profile-settings'],
  ['/settings/password', 'password'],
  ['/settings/sessions', 'sessions'],
  ['/settings/delete', 'delete-account'],
  ['/settings/hidden/:hidden', 'hidden'],
  ['/invite', 'invite'],
  ['/log-in', 'log-in'],
  ['/login', 'log-in'],
  ['/sign-up', 'sign-up'],
  ['/signup', 'sign-up'],
];

const PATTERNS = ROUTES.map(
  ([path, page]) => [new RegExp(`^${path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`), page] as const,
);

/** Values that a parameter may have, where not every text is an address. */
const ALLOWED: Record<string, RegExp> = {
  story: /^\d{1,20}$/,
  comment: /^\d{1,20}$/,
  handle: /^[A-Za-z][A-Za-z0-9_]{2,19}$/,
  list: /^(suggestions|requests|sent|following|followers)$/,
  hidden: /^(blocked|muted)$/,
};

/** The page of a path; `missing` for every path that is none of ours. A slash at the end makes no difference. */
export function match(path: string): Match {
  const bare = path.length > 1 ? path.replace(/\/+$/, '') || '/' : path;
  for (const [pattern, page] of PATTERNS) {
    const params = pattern.exec(bare)?.groups ?? (pattern.test(bare) ? {} : null);
    const found = params && decoded(page, params);
    if (found) return found;
  }
  return { page: 'missing', params: {} };
}

function decoded(page: PageName, raw: Record<string, string>): Match | null {
  const params: Record<string, string> = {};
  for (const [name, text] of Object.entries(raw)) {
    try {
      params[name] = decodeURIComponent(text);
    } catch {
      return null;
    }
    if (ALLOWED[name] && !ALLOWED[name].test(params[name] ?? '')) return null;
  }
  return { page, params };
}

/** Addresses to link to. */
export const to = {
  home: '/',
  compose: '/compose',
  public: '/public',
  search: '/search',
  searching: (words: string) => `/search?q=${encodeURIComponent(words)}`,
  friends: '/friends',
  friendsList: (list: string) => (list === 'friends' ? '/friends' : `/friends/${list}`),
  notifications: '/notifications',
  saved: '/saved',
  settings: '/settings',
  settingsPage: (page: string) => `/settings/${page}`,
  invite: '/invite',
  logIn: '/log-in',
  /** The log-in page, which says that the account is deleted. */
  accountDeleted: '/log-in?deleted',
  signUp: '/sign-up',
  story: (id: string) => `/stories/${id}`,
  /** A comment on the page of its story, or a reply in the thread of its parent. */
  comment: (story: string, id: string, parent?: string | null) => `/stories/${story}?comment=${parent ? `${parent}&reply=${id}` : id}`,
  storyEdit: (id: string) => `/stories/${id}/edit`,
  storyLikes: (id: string) => `/stories/${id}/likes`,
  commentLikes: (story: string, id: string) => `/stories/${story}/comments/${id}/likes`,
  person: (handle: string) => `/@${handle}`,
  tag: (tag: string) => `/tags/${encodeURIComponent(tag)}`,
};

/** The place to go to afterwards, as the query of another address at the gate. */
export function nextOf(query: URLSearchParams): string {
  const next = query.get('next');
  return next ? `?next=${encodeURIComponent(next)}` : '';
}

/** The query of an address at the gate with which one comes back here. Home needs none. */
export function comingFrom(address: string): string {
  return address === '/' ? '' : `?next=${encodeURIComponent(address)}`;
}

/** A place to go to after logging in: an address of ours, never one of another site. */
export function safeNext(next: string | null): string {
  if (!next || !next.startsWith('/') || next.startsWith('//') || next.includes('\\')) return '/';
  return match(next.split(/[?#]/)[0] ?? '/').page === 'missing' ? '/' : next;
}
