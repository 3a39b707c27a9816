import type { CoreEvent, Wanted } from '../events.ts';

type Of<Type extends CoreEvent['type']> = Extract<CoreEvent, { type: Type }>;

/** What the device asks of the rest of the core. */
export interface DeviceListener {
  /** This viewer gets it itself. */
  load(wanted: Wanted): void;
  /** It is not wanted of it any more. False where it has come, or failed for good. */
  unload(wanted: Wanted): boolean;
  /** Unloads and returns those of these loads that wait for a playlist, or for a segment that no edge is bringing. */
  recall(isOne: (loadId: number) => boolean): Wanted[];
  /** The master has given a segment, and this viewer stands by for it. */
  keep(gave: Of<'masterGave'>, wanted: Of<'segmentWanted'>, masterId: string): void;
  /** Nothing is heard of a master any more: the server is to know. */
  missed(): void;
  /** This viewer is the master from now on, in place of another. */
  leads(): void;
  /** The master was found, or is not to be found in this browser profile. */
  reachChanged(): void;
  /** The device is another one that has the same id. */
  separate(): void;
}
