/** The part of `AsyncDisposableStack` that servers use, for Node 22, which lacks it. */
class OlderAsyncDisposableStack {
  #callbacks: (() => unknown)[] = []

  defer(callback: () => unknown): void {
    this.#callbacks.push(callback)
  }

  use<Resource extends Partial<AsyncDisposable & Disposable>>(resource: Resource): Resource {
    this.defer(() => (resource[Symbol.asyncDispose] ?? resource[Symbol.dispose])?.call(resource))
    return resource
  }

  move(): OlderAsyncDisposableStack {
    const moved = new OlderAsyncDisposableStack()
    moved.#callbacks = this.#callbacks
    this.#callbacks = []
    return moved
  }

  /** @throws what a callback threw, after all have run */
  async disposeAsync(): Promise<void> {
    const callbacks = this.#callbacks.reverse()
    this.#callbacks = []
    const errors: unknown[] = []
    for (const callback of callbacks) {
      try {
        await callback()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length === 1) throw errors[0]
    if (errors.length > 1) throw new AggregateError(errors, 'several parts could not be closed')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.disposeAsync()
  }
}

/** The bundler puts this in the place of the global of that name. */
export const AsyncDisposableStack = globalThis.AsyncDisposableStack ?? OlderAsyncDisposableStack
