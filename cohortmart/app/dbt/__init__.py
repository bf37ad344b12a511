"""`cohortmart dbt`: dbt with the folders of a study set, and a project of one's own."""
