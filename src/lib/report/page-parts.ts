/** What every page is made with: the folder `report-page` of the package. */
export interface PageParts {
  /** The style sheet. */
  readonly style: string;
  /** The script, which needs nothing beside it. */
  readonly script: string;
}
