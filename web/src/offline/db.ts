// What this device keeps so that the client opens without a network: the last feed, drafts, stories waiting to be sent, and
// the files of both. One small database, used by the pages and by the service worker. Everything in it belongs to one person: feeds and
// drafts by their key, stories by what they carry. Logging out removes what belongs to the person.
//
// Storage may be refused (private windows) or thrown away by the system at any time; nothing here is the only copy of
// anything but unsent text, and every reader copes with absence.

const NAME = 'sosik';
/** Version 2 has files; version 3 has their uploads. */
const VERSION = 3;

/** The shelves of the database. */
export type Shelf = 'feeds' | 'drafts' | 'outbox' | 'files' | 'uploads';
const SHELVES: Shelf[] = ['feeds', 'drafts', 'outbox', 'files', 'uploads'];

let opened: Promise<IDBDatabase> | null = null;

function database(): Promise<IDBDatabase> {
  opened ??= new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      const there = request.result.objectStoreNames;
      for (const shelf of SHELVES) if (!there.contains(shelf)) request.result.createObjectStore(shelf);
    };
    request.onsuccess = () => {
      const database = request.result;
      // A newer version of the client, in another tab, has more shelves.
      database.onversionchange = () => {
        database.close();
        opened = null;
      };
      resolve(database);
    };
    request.onerror = () => reject(request.error);
  });
  opened.catch(() => (opened = null));
  return opened;
}

async function within<T>(shelf: Shelf, mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const transaction = (await database()).transaction(shelf, mode);
  const request = work(transaction.objectStore(shelf));
  return new Promise<T>((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

/** What lies under a key; undefined when nothing does or storage is refused. */
export async function take<T>(shelf: Shelf, key: string): Promise<T | undefined> {
  return within(shelf, 'readonly', (store) => store.get(key) as IDBRequest<T | undefined>).catch(() => undefined);
}

/** Everything on a shelf, in the order of the keys. */
export async function takeAll<T>(shelf: Shelf): Promise<T[]> {
  return within(shelf, 'readonly', (store) => store.getAll() as IDBRequest<T[]>).catch(() => []);
}

/** Puts a value under a key. Says whether it lies there now. */
export async function put(shelf: Shelf, key: string, value: unknown): Promise<boolean> {
  return within(shelf, 'readwrite', (store) => store.put(value, key)).then(
    () => true,
    () => false,
  );
}

/** Removes what lies under a key. */
export async function remove(shelf: Shelf, key: string): Promise<void> {
  await within(shelf, 'readwrite', (store) => store.delete(key)).catch(() => undefined);
}

/** The keys of a shelf. */
export async function keysOf(shelf: Shelf): Promise<string[]> {
  return within(shelf, 'readonly', (store) => store.getAllKeys() as IDBRequest<string[]>).catch(() => []);
}

/** Forgets everything, of everybody who has used this device. */
export async function forgetEverything(): Promise<void> {
  for (const shelf of SHELVES) await within(shelf, 'readwrite', (store) => store.clear()).catch(() => undefined);
}
