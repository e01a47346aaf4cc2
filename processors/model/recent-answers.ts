import { flatCopy } from "./dictionary.ts";
import type { EventBatch } from "./event-batch.ts";
import { RecentSpans } from "./recent-spans.ts";

/** What stays in the processor's cache. */
const ANSWERS_MAX = 16_384;

/** Answers to texts of a batch, of what came lately; `answerTo` is asked for the others, with a copy of the text. */
export class RecentAnswers<Answer> {
  readonly #answerTo: (text: string, batch: EventBatch) => Answer;
  readonly #spans = new RecentSpans();
  #answers: Answer[] = [];

  constructor(answerTo: (text: string, batch: EventBatch) => Answer) {
    this.#answerTo = answerTo;
  }

  /** The answer to the batch's text[begin, end). */
  of(batch: EventBatch, begin: number, end: number): Answer {
    const { window, records } = batch;
    const at = window.reach(begin, end);
    if (at < 0) return this.#answerTo(flatCopy(records.text.slice(begin, end)), batch);
    const known = this.#spans.find(window, at, end - begin);
    if (known >= 0) return this.#answers[known];
    if (this.#answers.length >= ANSWERS_MAX) this.clear();
    this.#spans.put(window, at, end - begin, this.#answers.length);
    const answer = this.#answerTo(flatCopy(records.text.slice(begin, end)), batch);
    this.#answers.push(answer);
    return answer;
  }

  clear(): void {
    this.#spans.clear();
    this.#answers = [];
  }
}
