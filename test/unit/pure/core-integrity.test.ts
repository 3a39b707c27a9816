import { expect } from 'chai';
import { limits } from '../../../signaling/protocol/index.ts';
import { CoreViewer, holder, segmentOf } from './core-viewer.ts';

const sizeBytes = 2 * limits.partBytes;
const segment = segmentOf(100);

const offered = (viewer: CoreViewer) => viewer.sent('holding').at(-1);

describe('an attested room', () => {
  it('passes nothing on before a descriptor vouches for it, then part by part', () => {
    const viewer = holder();
    expect(offered(viewer)).to.include({ complete: false, fetching: true });
    viewer.says('v1', { type: 'request', requestId: 1, segment, part: 0 });
    expect(viewer.take('sendPart')).to.deep.equal([]);
    viewer.tell({ type: 'partVouched', segmentId: segment, part: 0 });
    expect(viewer.take('sendPart')).to.have.length(1);
    viewer.tell({ type: 'partVouched', segmentId: segment, part: 1 });
    expect(offered(viewer)).to.include({ complete: true });
  });

  it('passes on what waited when the attestor has lost sight of the stream', () => {
    const viewer = holder();
    viewer.says('v1', { type: 'request', requestId: 1, segment, part: 0 });
    viewer.offer('none');
    expect(viewer.take('sendPart')).to.have.length(1);
    expect(offered(viewer)).to.include({ complete: true });
  });

  it('asks peers for nothing that it could not check', () => {
    const viewer = new CoreViewer();
    viewer.join([{ viewerId: 'v4' }, { viewerId: 'v1', role: 'master' }]);
    viewer.offer('attested');
    viewer.wantSegment(100);
    const parts: number[] = [];
    const held = { parts, complete: true, fetching: false, sizeBytes };
    viewer.says('v1', { type: 'holding', segment, ...held });
    expect(viewer.sent('request')).to.deep.equal([]);
    viewer.tell({ type: 'segmentVouched', segmentId: segment, sizeBytes });
    expect(viewer.sent('request')).to.have.length(2);
  });

  it('asks peers for what was vouched for while its own edge did not answer', () => {
    const viewer = new CoreViewer();
    viewer.join([{ viewerId: 'v4', role: 'master' }, { viewerId: 'v1' }]);
    viewer.offer('attested');
    viewer.wantSegment(100);
    viewer.wait(300);
    const [fetch] = viewer.take('fetchSegment');
    if (!fetch) throw new Error('nothing is read');
    viewer.tell({ type: 'segmentVouched', segmentId: segment, sizeBytes });
    const failure = { status: null, reason: 'first_byte_timeout' } as const;
    viewer.tell({ type: 'fetchFailed', fetchId: fetch.fetchId, failure });
    const parts: number[] = [];
    const held = { parts, complete: true, fetching: false, sizeBytes };
    viewer.says('v1', { type: 'holding', segment, ...held });
    expect(viewer.sent('request')).to.have.length(2);
  });

  it('drops and accuses a member that sent something else', () => {
    const viewer = new CoreViewer();
    viewer.join([{ viewerId: 'v4' }, { viewerId: 'v1', role: 'master' }]);
    viewer.tell({ type: 'partForged', peer: 'v1', requestId: 1 });
    expect(viewer.take('closeLink')).to.have.length(1);
    expect(viewer.take('refused')).to.deep.equal([
      { type: 'refused', code: 'peer_part_forged', peer: 'v1' },
    ]);
    const reports = viewer.take('sendFrame').map(({ frame }) => frame);
    const accused = reports.flatMap((frame) =>
      frame.type === 'report' ? frame.accusedMembers : [],
    );
    expect(accused).to.deep.equal(['v1']);
  });
});

describe('asks for descriptors of what is not at the live edge', () => {
  const asked = (viewer: CoreViewer) =>
    viewer
      .take('sendFrame')
      .flatMap(({ frame }) => (frame.type === 'attest' ? [frame.segmentId] : []));

  it('are not made for what is only held, whatever the server comes to offer', () => {
    const viewer = new CoreViewer();
    viewer.join([{ viewerId: 'v4', role: 'master' }, { viewerId: 'v1' }]);
    for (let sequence = 0; sequence < 200; sequence += 1) viewer.bring(sequence, sizeBytes);
    for (const mode of ['attested', 'none', 'attested'] as const) viewer.offer(mode);
    viewer.wait(10_000);
    expect(asked(viewer)).to.deep.equal([]);
    viewer.says('v1', { type: 'want', segment });
    expect(asked(viewer)).to.deep.equal([segment]);
  });

  it('are made one after another, and again while the answer is wanted and has not come', () => {
    const viewer = new CoreViewer();
    viewer.join([{ viewerId: 'v4', role: 'master' }, { viewerId: 'v1' }]);
    viewer.offer('attested');
    for (let sequence = 0; sequence < 30; sequence += 1) viewer.wantSegment(sequence, 600_000);
    viewer.wait(1_000);
    expect(asked(viewer).length).to.be.within(8, 1_000 / limits.attestEveryMs + 1);
    viewer.wait(3_000);
    expect(asked(viewer).length).to.be.within(18, 22);
    for (let sequence = 1; sequence < 30; sequence += 1)
      viewer.tell({ type: 'segmentVouched', segmentId: segmentOf(sequence), sizeBytes });
    viewer.wait(2 * limits.attestRetryMs);
    expect([...new Set(asked(viewer))]).to.deep.equal([segmentOf(0)]);
  });
});

/** A master says that it holds all, and the viewer asks it. */
function asked(viewer: CoreViewer): { peer: string; requestId: number } {
  const parts: number[] = [];
  viewer.says('v1', {
    ...{ type: 'holding', segment, sizeBytes, parts, complete: true, fetching: false },
  });
  const [request] = viewer.sent('request');
  if (!request) throw new Error('nothing was asked');
  return { peer: request.peer, requestId: request.requestId };
}

describe('blame', () => {
  function slave(): CoreViewer {
    const viewer = new CoreViewer();
    viewer.join([{ viewerId: 'v4' }, { viewerId: 'v1', role: 'master' }]);
    viewer.offer('attested');
    viewer.wantSegment(100);
    viewer.tell({ type: 'segmentVouched', segmentId: segment, sizeBytes });
    return viewer;
  }

  it('is for whoever sent what the descriptor does not say', () => {
    const viewer = slave();
    viewer.tell({ type: 'partForged', ...asked(viewer) });
    expect(viewer.take('closeLink')).to.have.length(1);
  });

  it('is not for whoever still gives what had the name before an encoder started over', () => {
    const viewer = slave();
    const request = asked(viewer);
    viewer.tell({ type: 'segmentVouched', segmentId: segment, sizeBytes, replaces: true });
    viewer.tell({ type: 'partForged', ...request });
    expect(viewer.take('closeLink')).to.deep.equal([]);
  });
});

describe('a room in which independent masters agree', () => {
  const digests = ['a'.repeat(43), 'b'.repeat(43)];
  const others = ['c'.repeat(43), 'b'.repeat(43)];

  function slave(): CoreViewer {
    const viewer = new CoreViewer({ integrityMin: 'agreement' });
    viewer.join([
      { viewerId: 'v4' },
      { viewerId: 'v1', role: 'master' },
      { viewerId: 'v2', role: 'master' },
      { viewerId: 'v3', role: 'master' },
      { viewerId: 'v5' },
    ]);
    viewer.wantSegment(100);
    const held = { parts: [], complete: true, fetching: false, sizeBytes };
    for (const peer of ['v1', 'v2', 'v3', 'v5'])
      viewer.says(peer, { type: 'holding', segment, ...held });
    return viewer;
  }

  const say = (viewer: CoreViewer, peer: string, said: string[]) =>
    viewer.says(peer, {
      ...{ type: 'holding', segment, sizeBytes, parts: [], complete: true, fetching: false },
      digests: said,
    });

  it('says so, and takes from peers only what two masters have read alike', () => {
    const viewer = slave();
    expect(viewer.take('integrity')).to.deep.equal([{ type: 'integrity', mode: 'agreement' }]);
    say(viewer, 'v1', digests);
    say(viewer, 'v1', digests);
    say(viewer, 'v5', digests);
    expect(viewer.take('trustDigests'), 'one master and a slave').to.deep.equal([]);
    expect(viewer.sent('request')).to.deep.equal([]);
    say(viewer, 'v2', digests);
    expect(viewer.take('trustDigests')).to.deep.equal([
      { type: 'trustDigests', segmentId: segment, sizeBytes, digests },
    ]);
    expect(viewer.sent('request')).to.have.length(2);
  });

  it('turns to the edge where they do not agree, and bans nobody for it', () => {
    const viewer = slave();
    say(viewer, 'v1', digests);
    say(viewer, 'v2', others);
    viewer.wait(20_000);
    expect(viewer.sent('request')).to.deep.equal([]);
    expect(viewer.take('fetchSegment')).to.have.length(1);
    expect(viewer.take('refused')).to.deep.equal([]);
  });

  it('leaves alone, and does not accuse, who sent something else than agreed', () => {
    const viewer = slave();
    say(viewer, 'v1', digests);
    say(viewer, 'v2', digests);
    const [asked] = viewer.sent('request');
    if (!asked) throw new Error('nothing was asked');
    viewer.tell({ type: 'partForged', peer: asked.peer, requestId: asked.requestId });
    expect(viewer.take('closeLink')).to.deep.equal([]);
    const again = viewer.sent('request').at(-1);
    expect(again?.part).to.equal(asked.part);
    expect(again?.peer).not.to.equal(asked.peer);
  });

  it('does not count the word of one that was banned or has left', () => {
    const viewer = slave();
    say(viewer, 'v1', digests);
    viewer.tell({ type: 'peerRefused', peer: 'v1', code: 'peer_message_invalid' });
    say(viewer, 'v2', digests);
    expect(viewer.take('trustDigests')).to.deep.equal([]);
    say(viewer, 'v3', digests);
    expect(viewer.take('trustDigests')).to.have.length(1);
  });

  it('blames on proof once somebody has signed what they agreed on', () => {
    const viewer = slave();
    say(viewer, 'v1', digests);
    say(viewer, 'v2', digests);
    const [request] = viewer.sent('request');
    viewer.tell({ type: 'segmentVouched', segmentId: segment, sizeBytes, replaces: false });
    const { peer = '', requestId = 0 } = request ?? {};
    viewer.tell({ type: 'partForged', peer, requestId });
    expect(viewer.take('closeLink')).to.have.length(1);
  });

  it('has two masters read, which say what they found; the second confirms the first', () => {
    const viewer = new CoreViewer({ integrityMin: 'agreement' });
    viewer.join([
      { viewerId: 'v4', role: 'master' },
      { viewerId: 'v1', role: 'master' },
    ]);
    viewer.bring(100, sizeBytes);
    viewer.says('v1', { type: 'want', segment });
    expect(viewer.take('digestSegment')).to.have.length(1);
    viewer.tell({ type: 'segmentDigested', segmentId: segment, digests });
    expect(viewer.sent('holding').at(-1)).to.deep.include({ peer: 'v1', sizeBytes, digests });
    expect(viewer.take('trustDigests')).to.deep.equal([]);
    say(viewer, 'v1', digests);
    expect(viewer.take('trustDigests')).to.have.length(1);
  });

  it('is what an attested room becomes while its server is gone, and no longer', () => {
    const viewer = holder();
    viewer.take('integrity');
    viewer.tell({ type: 'signalingClosed' });
    viewer.wait(5_000);
    expect(viewer.take('integrity')).to.deep.equal([{ type: 'integrity', mode: 'agreement' }]);
    viewer.offer('attested');
    expect(viewer.take('integrity')).to.deep.equal([{ type: 'integrity', mode: 'attested' }]);
  });

  it('passes nothing on that it merely believed, once peers are checked again', () => {
    const viewer = new CoreViewer();
    viewer.join([{ viewerId: 'v4' }, { viewerId: 'v1', role: 'master' }, { viewerId: 'v2' }]);
    viewer.wantSegment(100);
    const held = { parts: [], complete: true, fetching: false, sizeBytes };
    viewer.says('v1', { type: 'holding', segment, ...held });
    for (const { peer, requestId } of viewer.sent('request'))
      viewer.tell({ type: 'partReceived', peer, requestId, bytes: limits.partBytes });
    expect(viewer.take('deliverSegment')).to.have.length(1);
    viewer.offer('attested');
    viewer.says('v2', { type: 'request', requestId: 1, segment, part: 0 });
    expect(viewer.take('sendPart')).to.deep.equal([]);
  });

  it('plays nothing of peers where the app demands more than the room has', () => {
    const viewer = new CoreViewer({ integrityMin: 'signed' });
    viewer.join([{ viewerId: 'v4' }, { viewerId: 'v1', role: 'master' }]);
    expect(viewer.take('integrity')).to.deep.equal([{ type: 'integrity', mode: 'signed' }]);
    viewer.wantSegment(100);
    const held = { parts: [], complete: true, fetching: false, sizeBytes };
    viewer.says('v1', { type: 'holding', segment, ...held });
    expect(viewer.sent('request')).to.deep.equal([]);
  });
});
