import type { RemotingConnection } from '@rocketmq-ts/remoting'
import { expect, test } from 'vitest'
import { WaitingPop } from '../../src/pop/waiting-pop.ts'
import { FakeLink } from '../clients/fake-link.ts'

class OnePop extends WaitingPop<string> {
  readonly topic = 'T'
  readonly group = 'g'
  readonly queueId = 0
  isForbidden = false
  found: string | Promise<string> = 'a message'
  readonly answers: string[] = []

  constructor(link: FakeLink) {
    super(link as unknown as RemotingConnection, 0, {
      held: { hold: () => undefined },
      settings: () => ({ maxTransferBytesOnMessageInMemory: 1000 }),
      onMissed() {},
    })
  }

  protected check(): void {
    if (this.isForbidden) throw new Error('forbidden')
  }

  protected take(): string | Promise<string> {
    return this.found
  }

  protected giveBack(found: string): void {
    this.answers.push(`no ${found}`)
  }

  protected give(found: string): boolean {
    this.answers.push(found)
    return true
  }

  protected fail(error: unknown): void {
    this.answers.push((error as Error).message)
  }

  protected answerNothing(code: string): void {
    this.answers.push(code)
  }
}

test.each([
  ['is given messages when it takes answers', false, 'a message'],
  ['is refused when it may not have messages any more', true, 'forbidden'],
])('a request whose connection took no answers %s', (_, isForbidden, answer) => {
  const link = new FakeLink()
  link.pauseAnswers()
  const pop = new OnePop(link)
  pop.start()
  expect(pop.answers).toEqual([])
  pop.isForbidden = isForbidden
  link.takeAnswers()
  expect(pop.answers).toEqual([answer])
})

test.each([
  ['is given them', () => {}, ['a message']],
  [
    'is refused when it may not have them any more',
    (pop: OnePop) => {
      pop.isForbidden = true
    },
    ['no a message', 'forbidden'],
  ],
  [
    'is not given them when its connection has ended',
    (_pop: OnePop, link: FakeLink) => link.destroy(),
    ['no a message'],
  ],
])('a request for which messages were read from files %s', async (_, change, answers) => {
  const link = new FakeLink()
  const pop = new OnePop(link)
  const { promise, resolve } = Promise.withResolvers<string>()
  pop.found = promise
  pop.start()
  change(pop, link)
  resolve('a message')
  await promise
  expect(pop.answers).toEqual(answers)
})
