import { describe, expect, test } from 'vitest'
import { LoopPolling } from '../../src/node/loop-polling.ts'

/** How long the process takes to be woken up, in milliseconds. */
const wakeUpMs = 0.06

/** A loop whose turns take no time; data comes when a test says so, and later while the loop sleeps. */
class Loop {
  nowMs = 0
  turns = 0
  #callbacks: (() => void)[] = []
  readonly polling = new LoopPolling({
    monotonic: () => this.nowMs,
    nextTurn: (callback) => this.nextTurn(callback),
  })

  get isAwake(): boolean {
    return this.#callbacks.length > 0
  }

  nextTurn(callback: () => void): void {
    this.#callbacks.push(callback)
  }

  turn(): void {
    this.turns++
    const callbacks = this.#callbacks
    this.#callbacks = []
    for (const callback of callbacks) callback()
  }

  /** Turns of 0.01 ms until the gap is over, then data. Tells whether the loop was awake at its end. */
  dataAfter(gapMs: number, handler = () => {}): boolean {
    const endMs = this.nowMs + gapMs
    while (this.isAwake && this.nowMs < endMs) {
      this.nowMs = Math.min(endMs, this.nowMs + 0.01)
      this.turn()
    }
    const wasAwake = this.isAwake
    this.nowMs = wasAwake ? endMs : endMs + wakeUpMs
    this.polling.handle(handler, Buffer.alloc(100))
    this.turn()
    return wasAwake
  }

  repeat(count: number, gapMs: number): void {
    for (let index = 0; index < count; index++) this.dataAfter(gapMs)
  }
}

describe('LoopPolling', () => {
  test('sleeps at first, and stays awake once peers have answered fast for a while', () => {
    const loop = new Loop()
    expect(loop.dataAfter(0.05)).toBe(false)
    loop.repeat(2000, 0.05)
    expect(loop.dataAfter(0.05)).toBe(true)
  })

  test('falls asleep when nothing comes for a moment, and costs nothing from then on', () => {
    const loop = new Loop()
    loop.repeat(2000, 0.05)
    const before = loop.turns
    expect(loop.dataAfter(1000)).toBe(false)
    expect(loop.turns - before).toBeLessThan(25)
  })

  test('a few long gaps do not end it, many do', () => {
    const loop = new Loop()
    loop.repeat(2000, 0.05)
    for (let index = 0; index < 300; index++) loop.dataAfter(index % 40 === 0 ? 1 : 0.05)
    expect(loop.polling.isPolling).toBe(true)
    loop.repeat(20, 1)
    expect(loop.polling.isPolling).toBe(false)
    expect(loop.isAwake).toBe(false)
  })

  test('data of several connections in one turn is handled at once, as one piece of work', () => {
    const loop = new Loop()
    loop.repeat(2000, 0.05)
    const handled: string[] = []
    loop.polling.handle((chunk) => handled.push(String(chunk)), Buffer.from('a'))
    loop.polling.handle((chunk) => handled.push(String(chunk)), Buffer.from('b'))
    expect(handled).toEqual(['a', 'b'])
    loop.turn()
    expect(loop.isAwake).toBe(true)
  })

  test('what a handler asks to be done at the end of the turn is work, and no gap', () => {
    const loop = new Loop()
    const workAtEnd = (): void => {
      loop.nextTurn(() => {
        loop.nowMs += 0.2
      })
    }
    for (let index = 0; index < 2000; index++) loop.dataAfter(0.05, workAtEnd)
    expect(loop.polling.isPolling).toBe(true)
  })
})
