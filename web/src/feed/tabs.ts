// The tabs of one browser share one live stream: browsers open only six connections to a server over HTTP/1.1, and a stream
// in every tab would use them up. One tab at a time holds a lock and the stream, and passes on what it hears. The next tab
// takes over when that one closes.
//
// Locks exist only in secure contexts. Without them (a phone on the local network over plain HTTP) every tab that is seen
// has a stream of its own.

/** The other tabs of this browser, for one purpose. */
export interface Tabs {
  /** Whether the tabs take turns. */
  readonly areShared: boolean;
  /** Calls `begin` when it is this tab's turn. Returns a function that gives the turn up, or the place in the queue. */
  takeTurn(begin: () => void): () => void;
  /** Passes something on to the other tabs. */
  tell(message: unknown): void;
}

/** Joins the tabs of this name; `hear` gets what the others pass on. */
export type JoinTabs = (name: string, hear: (message: unknown) => void) => Tabs;

const ALONE: Tabs = {
  areShared: false,
  takeTurn: (begin) => {
    begin();
    return () => undefined;
  },
  tell: () => undefined,
};

/** Joins the tabs of the browser. */
export const joinTabs: JoinTabs = (name, hear) => {
  const locks = globalThis.navigator?.locks as LockManager | undefined;
  if (!locks || typeof BroadcastChannel === 'undefined') return ALONE;
  const channel = new BroadcastChannel(name);
  channel.onmessage = (event: MessageEvent<unknown>) => hear(event.data);
  return {
    areShared: true,
    takeTurn(begin) {
      const leaving = new AbortController();
      let giveUp = () => leaving.abort();
      const held = locks.request(name, { signal: leaving.signal }, () => {
        const turn = new Promise<void>((done) => (giveUp = done));
        begin();
        return turn;
      });
      // Given up in the queue.
      held.catch(() => undefined);
      return () => giveUp();
    },
    tell: (message) => channel.postMessage(message),
  };
};
