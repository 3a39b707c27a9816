/** Which playlists are played in a room: what all its viewers say, together. */
export interface PlayCounts<Viewer> {
  /** Replaces what this viewer plays. Returns true when the room now plays other playlists than before. */
  set(viewer: Viewer, playlistIds: readonly string[]): boolean;
  readonly playlistIds: string[];
}

export function createPlayCounts<Viewer extends object>(): PlayCounts<Viewer> {
  const plays = new Map<Viewer, readonly string[]>();
  const counts = new Map<string, number>();
  return {
    set(viewer, playlistIds) {
      const before = new Set(counts.keys());
      for (const id of playlistIds) counts.set(id, (counts.get(id) ?? 0) + 1);
      for (const id of plays.get(viewer) ?? []) {
        const count = (counts.get(id) ?? 0) - 1;
        if (count > 0) counts.set(id, count);
        else counts.delete(id);
      }
      if (playlistIds.length > 0) plays.set(viewer, playlistIds);
      else plays.delete(viewer);
      return counts.size !== before.size || [...counts.keys()].some((id) => !before.has(id));
    },
    get playlistIds() {
      return [...counts.keys()];
    },
  };
}
