import { AsyncDisposableStack } from '../src/async-disposable-stack.ts'

Object.assign(globalThis, { AsyncDisposableStack })
