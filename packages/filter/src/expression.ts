/** A value that the expression itself holds. Whole numbers are of 32 bits when they fit, like Java's `Integer`. */
export type LiteralValue =
  | { readonly type: 'int'; readonly value: number }
  | { readonly type: 'long'; readonly value: bigint }
  | { readonly type: 'double'; readonly value: number }
  | { readonly type: 'text'; readonly value: string }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'null' }

export interface PropertyNode {
  readonly kind: 'property'
  readonly name: string
}

export interface LiteralNode {
  readonly kind: 'literal'
  readonly literal: LiteralValue
}

export type OrderOperator = '>' | '>=' | '<' | '<='
export type TextTest = 'CONTAINS' | 'STARTSWITH' | 'ENDSWITH'

/** What is true, false or unknown. `AND` and `OR` take any number of conditions, so that long chains are not deep. */
export type ConditionNode =
  | { readonly kind: 'truth'; readonly of: PropertyNode }
  | { readonly kind: 'constant'; readonly value: boolean | undefined }
  | { readonly kind: 'equal'; readonly left: ExpressionNode; readonly right: ExpressionNode }
  | {
      readonly kind: 'order'
      readonly operator: OrderOperator
      readonly left: ExpressionNode
      readonly right: ExpressionNode
    }
  | { readonly kind: 'isNull'; readonly of: ExpressionNode }
  | { readonly kind: 'in'; readonly of: PropertyNode; readonly texts: readonly string[] }
  | {
      readonly kind: 'textTest'
      readonly of: ExpressionNode
      readonly test: TextTest
      readonly isNot: boolean
      readonly text: string
    }
  | { readonly kind: 'not'; readonly of: ConditionNode }
  | { readonly kind: 'and' | 'or'; readonly conditions: readonly ConditionNode[] }

export type ExpressionNode =
  | PropertyNode
  | LiteralNode
  /** Another sign of a number; of anything else it is null. */
  | { readonly kind: 'negated'; readonly of: ExpressionNode }
  | ConditionNode
