/** Classifiers without a page, a worker or a disk: what an app holds, on this thread, over a log in memory. */
import {
  createMemoryDisk,
  type MemoryDisk,
  openMemoryLog,
} from '../../../sdk/adapters/memory-log.ts';
import { type ClassifierParts, openClassifier } from '../../../sdk/runtime/classifier.ts';
import { ClassifierFacade } from '../../../sdk/runtime/classifier-facade.ts';
import type { MessageHeader } from '../../../signaling/protocol/messages.ts';

export const me = 'user-me';

let lastId = 0;

/** Of a message of its own. */
export function headerOf(parts: Partial<MessageHeader> = {}): MessageHeader {
  lastId += 1;
  return {
    ...{
      id: `message-${lastId}`,
      room: 'the-room',
      from: 'user-ann',
      role: 'viewer',
      kind: 'chat',
    },
    ...{ sentAtMs: 1_700_000_000_000 + lastId, priority: 'normal' },
    ...parts,
  };
}

export async function openUnderTest(
  disk: MemoryDisk = createMemoryDisk(),
  parts: Partial<ClassifierParts> = {},
  modelKey: JsonWebKey | null = null,
) {
  const calls = await openClassifier(
    { me, adapt: false, modelKey },
    {
      openLog: (onReplaced) => openMemoryLog({ reason: 'refused', disk, onReplaced }),
      nowMs: () => Date.now(),
      ...parts,
    },
  );
  let hasEnded = false;
  const end = () => {
    hasEnded = true;
  };
  const classifier = new ClassifierFacade({ runsIn: 'page', calls, end });
  return { classifier, calls, disk, hasEnded: () => hasEnded };
}
