import type { Limits, SignedDescriptor } from '../protocol/index.ts';
import type { Connection } from './socket.ts';

/** What the viewers of one room are told: new descriptors in batches, and all that count for newcomers. */
export interface DescriptorOutbox {
  add(segmentId: string, signed: SignedDescriptor): void;
  /** Newcomers are not told of these any more. */
  forget(segmentIds: readonly string[]): void;
  /** Tells one viewer of one segment. Returns false when nothing is known of it. */
  tell(connection: Connection, segmentId: string): boolean;
  /** Tells a newcomer, who must be among the viewers already, what all others were told. */
  welcome(connection: Connection): void;
  close(): void;
}

export function createDescriptorOutbox(
  viewers: () => Iterable<Connection>,
  limits: Limits,
): DescriptorOutbox {
  const kept = new Map<string, SignedDescriptor>();
  let batch: SignedDescriptor[] = [];
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    timer = undefined;
    const texts = framesOf(batch, limits);
    batch = [];
    // Sending can cut a viewer that does not read, who is then none any more.
    for (const connection of [...viewers()]) {
      for (const text of texts) connection.sendText('descriptors', text);
    }
  }

  return {
    add(segmentId, signed) {
      kept.set(segmentId, signed);
      batch.push(signed);
      timer ??= setTimeout(flush, limits.attestorBatchMs);
    },
    forget(segmentIds) {
      for (const segmentId of segmentIds) kept.delete(segmentId);
    },
    tell(connection, segmentId) {
      const signed = kept.get(segmentId);
      if (!signed) return false;
      for (const text of framesOf([signed], limits)) connection.sendText('descriptors', text);
      return true;
    },
    welcome(connection) {
      // What waits in the batch reaches the newcomer with everybody else.
      const known = [...kept.values()].filter((signed) => !batch.includes(signed));
      const fitting = newestThatFit(known, limits.socketBufferBytesMax / 2);
      for (const text of framesOf(fitting, limits)) connection.sendText('descriptors', text);
    },
    close: () => clearTimeout(timer),
  };
}

/** A newcomer must not be cut for what it is sent all at once. */
function newestThatFit(known: readonly SignedDescriptor[], bytesMax: number): SignedDescriptor[] {
  let bytes = 0;
  return known.toReversed().filter(({ body, signature }) => {
    const more = body.length + signature.length;
    if (bytes + more > bytesMax) return false;
    bytes += more;
    return true;
  });
}

/** As few frames as the limits of a frame allow. */
function framesOf(descriptors: readonly SignedDescriptor[], limits: Limits): string[] {
  const head = '{"type":"descriptors","descriptors":[';
  const tail = ']}';
  const frames: string[] = [];
  let items: string[] = [];
  let length = head.length + tail.length;
  const end = () => {
    if (items.length > 0) frames.push(`${head}${items.join(',')}${tail}`);
    items = [];
    length = head.length + tail.length;
  };
  for (const descriptor of descriptors) {
    const item = JSON.stringify(descriptor);
    if (head.length + item.length + tail.length > limits.frameBytesMax) continue;
    const isFull = items.length >= limits.descriptorsPerFrameMax;
    if (isFull || length + item.length + 1 > limits.frameBytesMax) end();
    items.push(item);
    length += item.length + 1;
  }
  end();
  return frames;
}
