/** Depth behind memory: whole segments by id. */
export interface SegmentStore {
  /** @throws HoldfastError `storage_failed` when there is no room or no storage; nothing is changed then. */
  put(segmentId: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Null when it is not there (any more). */
  get(segmentId: string): Promise<Uint8Array<ArrayBuffer> | null>;
  delete(segmentId: string): Promise<void>;
  /** Removes all of this session's segments. */
  close(): Promise<void>;
}
