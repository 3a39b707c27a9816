import { createFakeDisk, createFakeSegmentStore } from './fakes/segment-store.ts';
import { describeSegmentStores } from './segment-store.contract.ts';

const disk = createFakeDisk();

describeSegmentStores(
  'in memory',
  () => ({
    createStore: () => createFakeSegmentStore(disk),
    countSegments: async () => disk.segments.size,
  }),
  () => {
    disk.bytesMax = 0;
    return () => {
      disk.bytesMax = Number.POSITIVE_INFINITY;
    };
  },
);
