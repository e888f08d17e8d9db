/** Whether a text can be stored, logged and put into a header as it is: well-formed Unicode without control characters. */
export const isPlainText = (text: string): boolean => text.isWellFormed() && !/\p{Cc}/u.test(text)
