/** How the built-in pages look and whose they are. */
export interface Brand {
  readonly name: string
  /** URL of the logo, https or data; null for none. */
  readonly logo: string | null
  /** URL of the icon of the browser's tab; null for the first letter of the name. */
  readonly icon: string | null
  /** Six hexadecimal digits after `#`. */
  readonly color: string
  readonly links: BrandLinks
}

/** The pages that every page links to. */
export type BrandLinks = Readonly<Partial<Record<'support' | 'privacy' | 'terms', string>>>

/** What the pages look like if nobody sets anything. */
export const LADON: Brand = { name: 'Ladon', logo: null, icon: null, color: '#2f5bd7', links: {} }
