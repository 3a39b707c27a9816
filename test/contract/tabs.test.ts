import { FakeProfile } from './fakes/tabs.ts';
import { describeTabs } from './tabs.contract.ts';

describeTabs('in memory', () => {
  const profile = new FakeProfile();
  const other = new FakeProfile();
  return { create: () => profile.create(), createElsewhere: () => other.create() };
});
