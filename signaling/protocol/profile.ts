import type { ViewerProfile } from './frames.ts';

/** Whether a viewer may send anything to others over the network. */
export function uploadsOf(profile: ViewerProfile): boolean {
  return profile.uploadAllowed && profile.peersAllowed && !profile.metered && !profile.saveData;
}
