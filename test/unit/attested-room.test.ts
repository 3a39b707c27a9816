import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { type AttestedRoom, createAttestedRoom } from '../../signaling/adapters/attested-room.ts';
import { createLog } from '../../signaling/adapters/log.ts';
import { createMetrics } from '../../signaling/adapters/metrics.ts';
import { createFileReader } from '../../signaling/adapters/sign-files.ts';
import { createSigner } from '../../signaling/adapters/signer.ts';
import type { Connection } from '../../signaling/adapters/socket.ts';
import { createAttesting } from '../../signaling/adapters/vouching.ts';
import { limits } from '../../signaling/protocol/index.ts';
import { eventually } from './live-servers.ts';

const segmentCount = 200;
const idOf = (sequence: number) => `playlist.m3u8#${sequence}`;

describe('an attested room whose viewers play a recording', () => {
  let folder: string;
  let room: AttestedRoom;
  const found = new Set<string>();

  beforeEach(() => {
    found.clear();
    folder = mkdtempSync(join(tmpdir(), 'holdfast-'));
    const entries: string[] = [];
    for (let sequence = 0; sequence < segmentCount; sequence += 1) {
      writeFileSync(join(folder, `${sequence}.m4s`), `media ${sequence}`);
      entries.push(`#EXTINF:2,\n${sequence}.m4s`);
    }
    const head = '#EXTM3U\n#EXT-X-TARGETDURATION:2';
    const text = [head, ...entries, '#EXT-X-ENDLIST', ''].join('\n');
    writeFileSync(join(folder, 'playlist.m3u8'), text);
    const reader = createFileReader(limits);
    room = createAttestedRoom({
      room: 'room',
      streamUrls: [pathToFileURL(join(folder, 'playlist.m3u8')).href],
      origins: [],
      limits,
      reader,
      vouching: createAttesting(reader, createSigner()),
      metrics: createMetrics(() => ({
        ...{ connected: 0, rooms: 0, viewers: 0, groups: 0, sockets: 0, attestedRooms: 1 },
        edges: { active: 0, spare: 0, draining: 0, viewers: 0 },
        messages: { rooms: 0, viewers: 0, kept: 0, keptBytes: 0, senders: 0, repeats: 0 },
      })),
      log: createLog(() => {}, 1),
      nowMs: () => performance.now(),
      onStopped() {},
    });
  });

  afterEach(() => {
    room.close();
    rmSync(folder, { recursive: true });
  });

  function viewer(connectionId: string): Connection {
    const connection: Connection = {
      network: '',
      connectionId,
      state: 'joined',
      send() {},
      sendText(_type, text) {
        for (const [, id] of text.matchAll(/segmentId\\":\\"(.+?)\\"/g)) if (id) found.add(id);
      },
      refuse() {},
      close() {},
    };
    room.join(connection);
    return connection;
  }

  it('reads for one no more than it can play, so that the others are served', async () => {
    const [greedy, modest] = [viewer('greedy'), viewer('modest')];
    let scouts = 0;
    await eventually(() => {
      scouts += 1;
      room.asks(viewer(`scout ${scouts}`), idOf(100));
      return found.has(idOf(100));
    }, 'the playlist is read');
    for (let sequence = 0; sequence < limits.descriptorsAskedMax; sequence += 1)
      room.asks(greedy, idOf(sequence));
    room.asks(modest, idOf(101));
    await eventually(() => found.has(idOf(101)), 'the other is served');
    const read = [...found].filter((id) => Number(id.split('#')[1]) < 100);
    expect(read.length).to.be.within(1, limits.attestAsksBurst + 2);
  });
});
