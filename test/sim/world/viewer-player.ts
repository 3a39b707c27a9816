import type { Effect } from '../../../sdk/core/core.ts';
import { Player } from './player.ts';
import type { Viewer } from './viewer.ts';
import type { WorldParts } from './viewer-spec.ts';

export type PlayerEffect = Extract<
  Effect,
  { type: 'deliverSegment' | 'failSegment' | 'deliverPlaylist' | 'failPlaylist' }
>;

/** Answers these loads of the player. */
export function tellPlayer(player: Player, effect: PlayerEffect, loadIds: readonly number[]): void {
  for (const loadId of loadIds) {
    if (effect.type === 'deliverSegment') player.segmentLoaded(loadId);
    else if (effect.type === 'failSegment') player.segmentFailed(loadId, effect.failure);
    else if (effect.type === 'deliverPlaylist') player.playlistLoaded(loadId, effect.text);
    else player.playlistFailed(loadId, effect.failure);
  }
}

/** The player of one page, which asks the page's core for everything. */
export function createPlayer(
  viewer: Viewer,
  { clock, edge }: WorldParts,
  clockOffsetMs: number,
): Player {
  const { name, rendition, bufferMaxMs, behindSegments } = viewer.spec;
  const multivariantUrl = `${edge.baseUrl}/master.m3u8?token=${name}`;
  return new Player(
    clock,
    {
      wantPlaylist: (loadId, playlistId, url, multivariant) =>
        viewer.tell({ type: 'playlistWanted', loadId, playlistId, url, multivariant }),
      abandonPlaylist: (loadId, playlistId) =>
        viewer.tell({ type: 'playlistAbandoned', loadId, playlistId }),
      wantSegment: (loadId, request, deadlineMs) =>
        viewer.tell({
          type: 'segmentWanted',
          loadId,
          request,
          deadlineMs: deadlineMs + clockOffsetMs,
        }),
      abandonSegment: (loadId, segmentId) =>
        viewer.tell({ type: 'segmentAbandoned', loadId, segmentId }),
    },
    { multivariantUrl, rendition, bufferMaxMs, behindSegments },
  );
}
