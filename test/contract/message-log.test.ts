import { expect } from 'chai';
import { createMemoryDisk, openMemoryLog } from '../../sdk/adapters/memory-log.ts';
import { describeMessageLogs } from './message-log.contract.ts';

describeMessageLogs('in memory', async () => {
  const disk = createMemoryDisk();
  return {
    open: (onReplaced) => openMemoryLog({ reason: 'refused', disk, onReplaced }),
    async writeRow(value) {
      disk.lastNumber += 1;
      disk.rows.set(disk.lastNumber, value as never);
    },
  };
});

describe('message log in memory beside one on the disk', () => {
  it('forgets when another page wipes, and leaves that one its disk; deletes it with its own wipe', async () => {
    let deleted = 0;
    const forget = async () => {
      deleted += 1;
    };
    const { log } = await openMemoryLog({ reason: 'noAnswer', forget });
    const { key } = log;
    expect(await log.adopt()).to.equal(true);
    expect([log.key === key, deleted]).to.deep.equal([false, 0]);
    await log.wipe();
    expect(deleted).to.equal(1);
  });
});
