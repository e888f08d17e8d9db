/** Whether a text is an http or https URL. */
export const isHttpUrl = (text: string): boolean => /^https?:\S*$/i.test(text) && URL.canParse(text)

/** Whether a text is an https URL. */
export const isHttpsUrl = (text: string): boolean => isHttpUrl(text) && /^https:/i.test(text)
