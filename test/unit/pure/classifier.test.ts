import { expect } from 'chai';
import { createMemoryDisk, openMemoryLog } from '../../../sdk/adapters/memory-log.ts';
import { Pseudonyms } from '../../../sdk/adapters/pseudonyms.ts';
import type { MessageClassifier } from '../../../sdk/classifier.ts';
import { HoldfastError } from '../../../sdk/errors.ts';
import type { ClassifierCalls } from '../../../sdk/runtime/classifier.ts';
import { ClassifierFacade } from '../../../sdk/runtime/classifier-facade.ts';
import { limits } from '../../../signaling/protocol/index.ts';
import { headerOf, openUnderTest } from './classifier-under-test.ts';
import { modelJson } from './classifier-world.ts';

async function codeOf(failing: Promise<unknown>): Promise<string> {
  try {
    await failing;
    return 'none';
  } catch (error) {
    expect(error).to.be.instanceOf(HoldfastError);
    return (error as HoldfastError).code;
  }
}

describe('message classifier', () => {
  const opened: MessageClassifier[] = [];
  afterEach(async () => {
    for (const classifier of opened.splice(0)) await classifier.close();
  });
  const open = async (...parameters: Parameters<typeof openUnderTest>) => {
    const subject = await openUnderTest(...parameters);
    opened.push(subject.classifier);
    return subject;
  };

  it('classifies, explains by the raw id, logs pseudonyms alone, and says where', async () => {
    const { classifier, disk } = await open();
    const header = headerOf({ kind: 'announcement', role: 'host' });
    const answer = await classifier.classify(header);
    expect(answer).to.deep.include({ status: 'classified', isImportant: true });
    expect(await classifier.explain(header.id)).to.deep.include({ isImportant: true });
    expect(await classifier.explain('another')).to.equal(null);
    expect(await classifier.explain(7 as never)).to.equal(null);
    expect(await classifier.record({ type: 'seen', header })).to.equal('recorded');
    expect(await classifier.state()).to.deep.include({
      ...{ rows: 1, runsIn: 'page' },
      storage: { kind: 'memory', reason: 'refused', hasStartedAnew: false, rowsDropped: 0 },
    });
    const pseudonyms = new Pseudonyms(disk.key?.key as CryptoKey);
    const { textLength, ...logged } = await pseudonyms.ofHeader(header);
    expect([...disk.rows.values()][0]?.header).to.deep.equal(logged);
  });

  it('lets calls take effect in their order, however long their pseudonyms take', async () => {
    const { classifier, disk } = await open();
    await classifier.record({ type: 'seen', header: headerOf({ sentAtMs: 0 }) });
    // Ids that are known are found at once, those of crowds are computed.
    const crowd = Array.from({ length: limits.mentionsMax }, (_, index) => `crowd-${index}`);
    const headers = Array.from({ length: 60 }, (_, index) =>
      index % 2 === 0
        ? headerOf({ mentions: crowd.map((name) => `${name}-${index}`), sentAtMs: index + 1 })
        : headerOf({ mentions: ['known'], sentAtMs: index + 1 }),
    );
    const recorded = headers.map((header) => classifier.record({ type: 'seen', header }));
    const during = await classifier.state();
    await Promise.all(recorded);
    expect(during.rows).to.equal(61);
    expect([...disk.rows.values()].map((row) => row.header.sentAtMs)).to.deep.equal(
      Array.from({ length: 61 }, (_, index) => index),
    );
  });

  it('wipes what was told before and keeps what is told after, under another key', async () => {
    const { classifier, disk } = await open();
    const header = headerOf();
    await classifier.classify(header);
    const before = classifier.record({ type: 'seen', header });
    const wiped = classifier.wipe();
    const after = classifier.record({ type: 'viewed', header });
    const explained = classifier.explain(header.id);
    const firstKey = disk.key?.key as CryptoKey;
    expect([await before, await after]).to.deep.equal(['recorded', 'recorded']);
    await wiped;
    expect(await explained).to.equal(null);
    const [row, ...others] = [...disk.rows.values()];
    expect([row?.type, others.length]).to.deep.equal(['viewed', 0]);
    const key = disk.key?.key as CryptoKey;
    const { from } = await new Pseudonyms(key).ofHeader(header);
    expect(row?.header).to.deep.include({ from });
    expect((await new Pseudonyms(firstKey).ofHeader(header)).from).to.not.equal(from);
  });

  it('forgets in all pages when one wipes', async () => {
    const disk = createMemoryDisk();
    const [first, second] = [await open(disk), await open(disk)];
    await first.classifier.record({ type: 'seen', header: headerOf() });
    await second.classifier.record({ type: 'seen', header: headerOf() });
    await second.classifier.wipe();
    for (let tries = 0; (await first.classifier.state()).rows > 0 && tries < 100; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect((await first.classifier.state()).rows).to.equal(0);
    await first.classifier.record({ type: 'seen', header: headerOf() });
    expect([disk.rows.size, (await first.classifier.state()).rows]).to.deep.equal([1, 1]);
  });

  it('forgets in this page what the disk does not let go of, and says so', async () => {
    const disk = createMemoryDisk();
    const forget = async () => {
      throw new Error('somebody holds it');
    };
    const { classifier } = await open(disk, {
      openLog: () => openMemoryLog({ reason: 'refused', disk, forget }),
    });
    await classifier.record({ type: 'seen', header: headerOf() });
    await classifier.setThreshold(0.9);
    expect(await codeOf(classifier.wipe())).to.equal('storage_failed');
    expect(await classifier.state()).to.deep.include({ rows: 0 });
  });

  it('keeps a threshold for the next time, and refuses what is none', async () => {
    const { classifier, disk } = await open();
    await classifier.setThreshold(0.75);
    expect((await classifier.state()).threshold).to.be.closeTo(0.75, 1e-9);
    for (const wrong of [0, 1, -1, Number.NaN, '0.5', undefined]) {
      expect(await codeOf(classifier.setThreshold(wrong as never))).to.equal('option_invalid');
    }
    const again = await open(disk);
    expect((await again.classifier.state()).threshold).to.be.closeTo(0.75, 1e-9);
  });

  it('goes on after it was closed by telling so, and ends its thread once', async () => {
    const { classifier, hasEnded } = await open();
    const late = classifier.record({ type: 'seen', header: headerOf() });
    await Promise.all([classifier.close(), classifier.close()]);
    expect([await late, hasEnded()]).to.deep.equal(['recorded', true]);
    expect(await classifier.classify(headerOf())).to.deep.equal({ status: 'closed' });
    expect(await classifier.record({ type: 'seen', header: headerOf() })).to.equal('closed');
    expect(await codeOf(classifier.state())).to.equal('classifier_closed');
    expect(await codeOf(classifier.wipe())).to.equal('classifier_closed');
  });

  it('lets so many calls wait and refuses more, and takes calls again when there is room', async () => {
    let answer = (): void => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const calls = { record: () => answered, state: () => answered, close: async () => {} };
    const classifier = new ClassifierFacade({
      ...{ runsIn: 'page', end: () => {} },
      calls: calls as unknown as ClassifierCalls,
    });
    const record = () => classifier.record({ type: 'seen', header: headerOf() });
    const waiting = Array.from({ length: limits.classifierCallsMax }, record);
    expect(await record()).to.equal('busy');
    expect(await classifier.classify(headerOf())).to.deep.equal({ status: 'busy' });
    const asks = Array.from({ length: limits.classifierAsksMax }, () => classifier.state());
    expect(await codeOf(classifier.state())).to.equal('classifier_busy');
    answer();
    await Promise.all([...waiting, ...asks]);
    expect(await record()).to.equal('recorded');
  });
});

describe('models of a message classifier', () => {
  const textOf = (version: number) =>
    JSON.stringify(modelJson([['addressesMe', 0.5, 0, 3]], { version }));
  const bytes = new TextEncoder().encode(textOf(5));

  async function signer() {
    const keys = (await crypto.subtle.generateKey('Ed25519', true, [
      'sign',
      'verify',
    ])) as CryptoKeyPair;
    const sign = async (signed: BufferSource) => {
      const signature = await crypto.subtle.sign('Ed25519', keys.privateKey, signed);
      return btoa(String.fromCharCode(...new Uint8Array(signature)))
        .replaceAll('+', '-')
        .replaceAll('/', '_')
        .replaceAll('=', '');
    };
    return { sign, key: await crypto.subtle.exportKey('jwk', keys.publicKey) };
  }

  it('are loaded when exactly these bytes are signed, and stay with a wipe', async () => {
    const { sign, key } = await signer();
    const { classifier } = await openUnderTest(undefined, {}, key);
    const { modelVersion } = await classifier.state();
    const signature = await sign(bytes);
    const wrong: [bytes: unknown, signature: unknown, code: string][] = [
      [new TextEncoder().encode(textOf(6)), signature, 'model_signature_invalid'],
      [bytes.slice(1), signature, 'model_signature_invalid'],
      [bytes, signature.slice(1), 'model_signature_invalid'],
      [bytes, 'no base64url!', 'model_signature_invalid'],
      [bytes, undefined, 'model_signature_invalid'],
      [bytes, await (await signer()).sign(bytes), 'model_signature_invalid'],
      [new Uint8Array(limits.modelBytesMax + 1), signature, 'model_too_large'],
      [textOf(5), signature, 'model_invalid'],
    ];
    for (const [given, by, code] of wrong) {
      expect(await codeOf(classifier.loadModel(given as never, by as never))).to.equal(code);
      expect((await classifier.state()).modelVersion).to.equal(modelVersion);
    }
    await classifier.loadModel(bytes, signature);
    expect((await classifier.state()).modelVersion).to.equal(5);
    expect(await codeOf(classifier.loadModel(bytes, signature))).to.equal('model_outdated');
    await classifier.wipe();
    expect((await classifier.state()).modelVersion).to.equal(5);
    await classifier.close();
  });

  it('are checked as they were when they were given', async () => {
    const { sign, key } = await signer();
    const { classifier } = await openUnderTest(undefined, {}, key);
    const own = bytes.slice();
    const loading = classifier.loadModel(own, await sign(own));
    own.fill(32);
    await loading;
    expect((await classifier.state()).modelVersion).to.equal(5);
    await classifier.close();
  });

  it('are refused by their own code where there is no Ed25519', async () => {
    const { sign, key } = await signer();
    const signature = await sign(bytes);
    const { classifier } = await openUnderTest(undefined, {}, key);
    const { subtle } = crypto;
    subtle.importKey = async () => {
      throw new DOMException('unknown', 'NotSupportedError');
    };
    try {
      const code = await codeOf(classifier.loadModel(bytes, signature));
      expect(code).to.equal('model_signature_unsupported');
    } finally {
      Reflect.deleteProperty(subtle, 'importKey');
    }
    await classifier.close();
  });
});
