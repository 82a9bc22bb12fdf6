import { Readiness } from './readiness.mjs';
import { pause, until } from './wait.mjs';

/** How long nodes may take to say that they are not ready, in milliseconds, and that they are again, in seconds. */
const TO_NOTICE = 5000;
const TO_RECOVER = 10;

/** A fault as it befalls a run: what it does, how long it takes, and what is seen of it. */
export class Misfortune {
  #fault;
  #readiness;
  #records;
  #cutAll;
  #strays = 0;
  #began;
  #ended;

  constructor(fault, nodes, records, cutAll) {
    this.#fault = fault;
    this.#records = records;
    this.#readiness = new Readiness(nodes);
    this.#cutAll = cutAll;
  }

  /** Begins and ends it. Clients come and go meanwhile, as they do. */
  async befall() {
    const before = this.#reconnects();
    this.#began = Date.now();
    await this.#fault.begin();
    await pause(this.#fault.seconds * 500);
    this.#strays = this.#reconnects() - before;
    this.#cutAll();
    await pause(this.#fault.seconds * 500);
    this.#ended = Date.now();
    await this.#fault.end();
  }

  /** Returns when everything has been well for a moment, or should have been. */
  async over() {
    await until(Date.now() + this.#patience, () => this.#readiness.areAllReady);
    this.#readiness.stop();
  }

  /** Prints how it was; returns what is to be complained of. */
  report(publisher) {
    const { isHarmless } = this.#fault;
    const lasted = this.#ended - this.#began;
    const noticed = this.#readiness.notReadyAfter(this.#began);
    const late = Math.max(...this.#records.map((record) => record.latest(publisher.taken)));
    const { reasons } = this.#readiness;
    console.log(`# the fault lasted ${seconds(lasted)}; not ready after ${seconds(noticed)}, since: ${reasons.join(' / ') || 'nothing'}`);
    const recovered = this.#readiness.readyAfter(this.#ended);
    console.log(`# ready ${seconds(recovered)} after it, webhooks taken ${seconds(publisher.firstTaken(this.#ended) - this.#ended)} after it`);
    console.log(`# the latest event came ${seconds(late)} after its webhook was answered; ${this.#strays} connections ended by themselves`);
    const complaints = [];
    if (isHarmless && reasons.length > 0) complaints.push('a node was not ready');
    if (isHarmless && this.#strays > 0) complaints.push('connections ended for nothing');
    if (!isHarmless && !(noticed <= Math.max(TO_NOTICE, lasted))) complaints.push('a node was ready all the time');
    if (!(recovered <= this.#patience)) complaints.push(`a node was not ready within ${seconds(this.#patience)}`);
    return complaints;
  }

  get #patience() {
    return (this.#fault.recovers ?? TO_RECOVER) * 1000;
  }

  #reconnects() {
    return this.#records.reduce((sum, { reconnects }) => sum + reconnects, 0);
  }
}

const seconds = (milliseconds) => (Number.isFinite(milliseconds) ? `${(milliseconds / 1000).toFixed(1)} s` : 'never');
