/** Forgets the entry that was added longest ago, where there are more than so many. @returns Its key. */
export function forgetOldest<Key>(
  entries: Map<Key, unknown> | Set<Key>,
  entriesMax: number,
): Key | undefined {
  if (entries.size <= entriesMax) return undefined;
  const oldest = entries.keys().next().value;
  if (oldest !== undefined) entries.delete(oldest);
  return oldest;
}
