import { join } from 'node:path';
import {
  chromeLauncher,
  defaultReporter,
  type Reporter,
  summaryReporter,
  type TestResult,
  type TestRunnerConfig,
  type TestSession,
  type TestSuiteResult,
} from '@web/test-runner';
import { createServer, type ViteDevServer } from 'vite';
import { chromiumArguments, chromiumPath } from '../tools/chromium.ts';
import { type Counts, writeCounts } from '../tools/counts.ts';

const rootDir = join(import.meta.dirname, '../..');

/** Turns TypeScript into modules for the browser, as for the demo. */
const vite = await createServer({
  configFile: join(rootDir, 'vite.config.ts'),
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
});

type Middleware = NonNullable<TestRunnerConfig['middleware']>[number];

/** Lets Vite answer first; what it does not know goes on to the test runner. */
function viteMiddleware(server: ViteDevServer): Middleware {
  return async (context, next) => {
    if (context.path.startsWith('/__web-')) return next();
    const answered = await new Promise<boolean>((resolve, reject) => {
      context.res.once('close', () => resolve(true));
      context.res.statusCode = 200;
      server.middlewares(context.req, context.res, (error?: unknown) => {
        if (error) reject(error);
        else resolve(false);
      });
    });
    if (answered) {
      context.respond = false;
      return;
    }
    context.res.statusCode = 404;
    await next();
  };
}

function countingReporter(): Reporter {
  return {
    stop: ({ sessions }) => {
      writeCounts(countTests([...sessions]));
      return vite.close();
    },
  };
}

/** A file that failed without any failing test, say because it could not be imported, counts as one failure. */
function countTests(sessions: TestSession[]): Counts {
  const counts: Counts = { passed: 0, failed: 0 };
  for (const session of sessions) {
    const tests = session.testResults ? testsOf(session.testResults) : [];
    const failed = tests.filter((test) => !test.passed && !test.skipped).length;
    counts.passed += tests.filter((test) => test.passed).length;
    counts.failed += failed === 0 && !session.passed ? 1 : failed;
  }
  return counts;
}

function testsOf(suite: TestSuiteResult): TestResult[] {
  return [...suite.tests, ...suite.suites.flatMap(testsOf)];
}

const config: TestRunnerConfig = {
  rootDir,
  // Files below test/unit/pure touch neither Node nor the page, so the same files run in both.
  files: ['test/browser/**/*.test.ts', 'test/unit/pure/**/*.test.ts'],
  hostname: '127.0.0.1',
  concurrency: 1,
  browsers: [
    chromeLauncher({
      launchOptions: {
        executablePath: chromiumPath(),
        args: ['--headless=new', ...chromiumArguments],
      },
      concurrency: 1,
    }),
  ],
  middleware: [viteMiddleware(vite)],
  testFramework: { config: { ui: 'bdd', timeout: '20000' } },
  testsFinishTimeout: 120_000,
  reporters: [
    summaryReporter({}),
    defaultReporter({ reportTestProgress: false }),
    countingReporter(),
  ],
};

export default config;
