"""Past one machine: engines and editions on a cluster, over Ray. Without Ray everything plays here, in order."""
