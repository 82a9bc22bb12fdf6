import { Deadline } from './deadline.mjs';

const SECONDS_PER_CASE = 10;

/** Runs cases one after the other, prints a line for each, and counts. */
export class Report {
  passed = 0;
  failed = 0;

  /** Returns what the case returns, or undefined when it failed. */
  async run(name, body) {
    const deadline = new Deadline(SECONDS_PER_CASE);
    try {
      const result = await body(deadline);
      this.passed += 1;
      console.log(`ok ${name}`);
      return result;
    } catch (error) {
      this.fail(name, error);
    } finally {
      deadline.clear();
    }
  }

  fail(name, error) {
    this.failed += 1;
    const cause = error.cause ? ` (${error.cause.message || error.cause.code})` : '';
    console.log(`not ok ${name} ${error.message.replaceAll(/\s+/g, ' ')}${cause}`);
  }
}
