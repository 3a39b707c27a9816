import Mocha from 'mocha';
import { writeCounts } from './counts.ts';

/** Mocha's usual report, which also leaves its counts for `npm test`. A failing hook counts as a failed test. */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const failedTitles: string[] = [];
    // Hooks, too, whatever Mocha's types say: then all that they are for has failed.
    runner.on(Mocha.Runner.constants.EVENT_TEST_FAIL, (failed: Mocha.Runnable) => {
      const isHook = !(failed instanceof Mocha.Test);
      failedTitles.push((isHook ? failed.parent : failed)?.fullTitle() ?? '');
    });
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      writeCounts({ passed: this.stats.passes, failed: this.stats.failures, failedTitles });
    });
  }
}
