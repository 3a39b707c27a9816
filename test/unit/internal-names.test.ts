import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { featureNames } from '../../sdk/core/messages/features.ts';
import { internalNames } from '../tools/internal-names.ts';
import { rootFolder } from '../tools/root.ts';

describe('the names that bundles shorten', () => {
  const names = internalNames();

  it('are those of our own objects', () => {
    expect([...names.keys()]).to.include.members(['nowMs', 'wantedAtMs', 'sendControl']);
  });

  it('are none that an app, a server, a peer or a browser knows', () => {
    const known = {
      app: [
        'joinRoom',
        'bytesFromPeers',
        'isStream',
        'storageBytesMax',
        'bytesByViewer',
        'lifetimeMs',
      ],
      server: [
        'reference',
        'isHistory',
        'resumeKey',
        'deviceRole',
        'lostMembers',
        'retryAfterMs',
        'createdAtMs',
        'plays',
      ],
      peer: ['follows', 'segment', 'requestId', 'sizeBytes', 'descriptor', 'blind'],
      tab: ['loadId', 'deadlineMs', 'versionHeld', 'transferMs'],
      browser: ['saveData', 'charging', 'getBattery', 'iceTransportPolicy', 'kty', 'currentTime'],
      player: ['pLoader', 'fLoader', 'bwEstimate', 'frag', 'getCacheAge'],
      disk: ['generation', 'atMs', 'header', 'markedImportant', 'nudge', 'adaptation', 'replyTo'],
      model: featureNames,
      module: ['openClassifier', 'connectRoom', 'openSegmentsInWorker'],
    };
    for (const name of Object.values(known).flat()) expect(names.has(name), name).to.equal(false);
    for (const file of ['sdk/api.d.ts', 'sdk/messages-api.d.ts']) {
      const publicTypes = readFileSync(join(rootFolder, file), 'utf8');
      const declared = [...publicTypes.matchAll(/^\s*(?:readonly )?(\w+)\??[:(]/gm)];
      expect(declared.length, file).to.be.greaterThan(50);
      for (const [, name = ''] of declared) expect(names.has(name), name).to.equal(false);
    }
  });

  it('become different ones, which are no names yet', () => {
    const short = [...names.values()];
    expect(new Set(short).size).to.equal(short.length);
    for (const name of ['x', 'y', 'id', 'to', 'on']) expect(short).not.to.include(name);
    expect(short.filter((name) => names.has(name))).to.deep.equal([]);
  });
});
