export { distinct, intTable, list, longTable, nameTable, objectTable } from './collections.ts'
export { record } from './record.ts'
export { double, exactLong, flag, int, long, oneOf, text } from './scalars.ts'
export { anyJson, optional, type Shape, type ShapeValue, withDefault } from './shape.ts'
