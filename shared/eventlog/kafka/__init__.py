"""The event log on Apache Kafka: for what outgrew one machine. Nothing outside this folder knows the client library."""
