"""The pages: what an officer, an auditor, a data scientist and an operator see."""
