import { CoreViewer, self } from './core-viewer.ts';

/** A slave that is fed by `m`, with `s` next in line, or first itself. */
export function slave(line = ['m', 's', self], isSite = false): CoreViewer {
  const viewer = new CoreViewer({ isSite });
  viewer.join([{ viewerId: self }]);
  viewer.follow(line, line.indexOf(self) === 1 ? 'secondary' : 'slave');
  viewer.take('watchViewer');
  return viewer;
}

export function near(viewer = slave()): CoreViewer {
  viewer.tell({ type: 'masterNear', viewerId: 'm' });
  return viewer;
}

/** What the master gives. */
export const gives = { text: '', sizeBytes: 40_000, transferMs: 120, firstByteMs: 30 };
/** Loads that the master was asked for since this was last asked. */
export const asked = (viewer: CoreViewer) =>
  viewer.take('askMaster').map(({ wanted }) => wanted.loadId);
/** Whom the server was told to be missed. */
export const lost = (viewer: CoreViewer) =>
  viewer
    .take('sendFrame')
    .flatMap(({ frame }) =>
      frame.type === 'report' && frame.missedMaster ? [frame.missedMaster] : [],
    );
