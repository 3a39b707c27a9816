/** The classifier's database as the developer tools see it. */
export const databaseName = 'holdfast-messages';

export async function inDatabase<Result>(
  mode: IDBTransactionMode,
  name: string,
  ask: (store: IDBObjectStore) => IDBRequest<Result>,
): Promise<Result> {
  const database = await resultOf(indexedDB.open(databaseName));
  try {
    return await resultOf(ask(database.transaction(name, mode).objectStore(name)));
  } finally {
    database.close();
  }
}

export function resultOf<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Another version or shape of it than ours. */
export async function createDatabase(version: number, storeNames: string[]): Promise<void> {
  const opening = indexedDB.open(databaseName, version);
  opening.onupgradeneeded = () => {
    for (const name of storeNames) opening.result.createObjectStore(name);
  };
  (await resultOf(opening)).close();
}

/** Everything that this origin has stored, as one text; bytes as the text that they may be. */
export async function dumpStorage(): Promise<string> {
  const parts: unknown[] = [{ ...localStorage }, { ...sessionStorage }, document.cookie];
  for (const { name = '' } of await indexedDB.databases()) {
    const database = await resultOf(indexedDB.open(name));
    for (const storeName of database.objectStoreNames) {
      const store = database.transaction(storeName).objectStore(storeName);
      const [keys, values] = [resultOf(store.getAllKeys()), resultOf(store.getAll())];
      parts.push([name, storeName, await keys, await values]);
    }
    database.close();
  }
  return JSON.stringify(parts, (_key, value) => {
    const bytes = ArrayBuffer.isView(value) ? value.buffer : value;
    return bytes instanceof ArrayBuffer ? new TextDecoder('latin1').decode(bytes) : value;
  });
}
