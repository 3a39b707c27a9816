import { expect } from 'chai';
import { CoreViewer, playlistId, playlistText, playlistUrl, self } from './core-viewer.ts';

/** A slave whose player has the copy from segment 10 on and waits for the next. */
function waiting(): CoreViewer {
  const viewer = new CoreViewer();
  const text = playlistText({ oldest: 10 });
  viewer.tell({ type: 'playlistBrought', playlistId, url: playlistUrl, multivariant: false, text });
  viewer.join([{ viewerId: self }, { viewerId: 'v1', role: 'master' }]);
  ask(viewer, 1);
  viewer.effects = [];
  return viewer;
}

function ask(viewer: CoreViewer, loadId: number): void {
  const wanted = { loadId, playlistId, url: playlistUrl, multivariant: false };
  viewer.tell({ type: 'playlistWanted', ...wanted });
}

/** Loads that were answered since the last call. */
function answered(viewer: CoreViewer): number[] {
  const loads = viewer.effects.flatMap((effect) =>
    effect.type === 'deliverPlaylist' ? [effect.loadId] : [],
  );
  viewer.effects = [];
  return loads;
}

describe('a playlist that comes after an outage', () => {
  it('is told twice where it does not follow on what the player has', () => {
    const viewer = waiting();
    viewer.wait(20_000);
    viewer.says('v1', { type: 'playlist', playlistId, text: playlistText({ oldest: 20 }) });
    expect(answered(viewer)).to.deep.equal([1]);
    ask(viewer, 2);
    expect(answered(viewer), 'not at once').to.deep.equal([]);
    viewer.wait(150);
    expect(answered(viewer)).to.deep.equal([2]);
    ask(viewer, 3);
    viewer.wait(400);
    expect(answered(viewer), 'nor a third time').to.deep.equal([]);
  });

  it('is told once where it follows', () => {
    const viewer = waiting();
    viewer.says('v1', { type: 'playlist', playlistId, text: playlistText({ oldest: 11 }) });
    expect(answered(viewer)).to.deep.equal([1]);
    ask(viewer, 2);
    viewer.wait(400);
    expect(answered(viewer)).to.deep.equal([]);
  });
});
