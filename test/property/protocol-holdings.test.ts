import { expect } from 'chai';
import { utf8Bytes } from '../../signaling/protocol/identity.ts';
import { limits, parseClientFrame } from '../../signaling/protocol/index.ts';

describe('protocol: holdings', () => {
  it('are refused where they are more, or have longer ids, than fit a frame', () => {
    const frame = (gained: unknown) =>
      JSON.stringify({ type: 'holdings', gained, lost: [], playing: [] });
    const most = Array.from({ length: limits.holdingsPerFrameMax }, (_, index) => `v#${index}`);
    expect(parseClientFrame(frame(most))).to.have.property('ok', true);
    for (const id of ['v'.repeat(limits.segmentIdBytesMax), '€'.repeat(170), '\0'.repeat(85)]) {
      const gained = most.map(() => id);
      const playing = Array.from({ length: limits.playlistsPerViewerMax }, () => id);
      const text = JSON.stringify({ type: 'holdings', gained, lost: gained, playing });
      expect(parseClientFrame(text)).to.have.property('ok', true);
      expect(utf8Bytes(text)).to.be.at.most(limits.frameBytesMax);
    }
    const tooLong = ['v'.repeat(limits.segmentIdBytesMax + 1), '€'.repeat(171), '\0'.repeat(86)];
    for (const gained of [[...most, 'v#x'], ...tooLong.map((id) => [id]), [''], [7], 'v'])
      expect(parseClientFrame(frame(gained))).to.have.nested.property(
        'refusal.code',
        'frame_invalid',
      );
  });
});
