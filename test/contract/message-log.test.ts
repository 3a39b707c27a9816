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
