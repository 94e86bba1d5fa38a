import { useI18n } from 'vue-i18n'

/** What a step of a task's history is called, by its verb. */
export function useStepWords(): (verb: string) => string {
  const { t, te } = useI18n()
  return (verb) => {
    const key = [`history.${verb}`, `verb.${verb}`].find((each) => te(each))
    return key ? t(key) : verb
  }
}
