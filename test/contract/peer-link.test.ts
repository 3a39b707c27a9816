import { createFakePeerLinks } from './fakes/peer-links.ts';
import { describePeerLinks } from './peer-link.contract.ts';

describePeerLinks('in memory', () => {
  const links = createFakePeerLinks();
  return { links, countLeftovers: () => links.leftoverCount, dispose: () => {} };
});
