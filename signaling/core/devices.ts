import type { Role } from '../protocol/index.ts';
import { replaceMember } from './groups.ts';
import { hasLostEdge } from './outage/first-group.ts';
import { type Context, count, type Device, markDevice, markStale, type Viewer } from './state.ts';

/** Gives the device's roles by order; those who are gone stand behind while somebody is there. */
export function orderDevice(context: Context, device: Device): void {
  if (device.viewers.some((viewer) => viewer.presence === 'connected' && !viewer.isSilent)) {
    // One that has lost its edge leads on unless another is known to reach one; an agent in any case.
    const standingOf = device.viewers.some((viewer) => reachesEdge(context, viewer))
      ? (viewer: Viewer) => standing(viewer) + (hasLostEdge(viewer) ? 0.5 : 0)
      : standing;
    const ordered = device.viewers.toSorted((a, b) => standingOf(a) - standingOf(b));
    const isMoved = ordered.some((viewer, index) => viewer !== device.viewers[index]);
    device.viewers = ordered;
    // Slaves follow the line, whatever the roles.
    if (isMoved) markDevice(context, device);
  }
  seat(context, device);
  for (const [index, viewer] of device.viewers.entries()) {
    const standsBy = index <= context.limits.deviceSecondariesMax;
    const role: Role = index === 0 ? 'master' : standsBy ? 'secondary' : 'slave';
    if (viewer.deviceRole === role) continue;
    viewer.deviceRole = role;
    // In one place a directive's epoch is told, in the other a version of the device.
    viewer.toldEpoch = -1;
    count(context, 'roleChanged');
    markStale(context, viewer.group);
    markDevice(context, device);
  }
}

/** A slave hardly ever asks an edge: what it says of it counts only while it is fresh. */
function reachesEdge({ nowMs, limits }: Context, viewer: Viewer): boolean {
  const isFresh = nowMs - viewer.edgeSeenAtMs < limits.edgeProvenMs;
  return viewer.presence === 'connected' && isFresh && !hasLostEdge(viewer);
}

/** Lower comes first; of equals who came first. */
function standing({ presence, isSilent, leads }: Viewer): number {
  if (presence === 'absent' || isSilent) return 2;
  return leads ? 0 : 1;
}

/** Makes the first viewer of a device its member of the group, in place of the one that was. */
function seat(context: Context, { viewers }: Device): void {
  const [master] = viewers;
  const before = master?.group.members.find(({ device }) => device === master.device);
  if (!master || !before || before === master) return;
  // As good a line as that of the one before it, as far as anybody knows.
  master.weight = before.weight;
  master.reach = null;
  replaceMember(context, before, master);
}
