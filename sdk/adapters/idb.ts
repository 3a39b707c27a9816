/** The one file that knows idb: IndexedDB with promises. */
export { type DBSchema, deleteDB, type IDBPDatabase, openDB } from 'idb';
