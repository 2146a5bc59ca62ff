#!/usr/bin/env bash
# Deploys the CSMS to Google Cloud Run, on Pub/Sub and Firestore. Safe to run again: it changes what is there.
#   PROJECT=my-project REGION=europe-west1 deploy/deploy.sh
# Each service runs as an account of its own, with the rights that deploy/permissions.txt lists and no more.
# Only stations reach the CSMS from the internet, and operators by accounts of Google that may invoke the services.
# With APIS=public, the APIs can be reached by everybody who has a key.
# Needs a project with billing, and of its owner: gcloud auth login && gcloud auth application-default login.
# npx (of Node.js) runs the Firebase CLI, which creates the indexes that are missing.
set -euo pipefail
: "${PROJECT:?the Google Cloud project}" "${REGION:=europe-west1}" "${ROUTING:=inbox}" "${APIS:=private}"
cd "$(dirname "$0")/.."
export CLOUDSDK_CORE_PROJECT=$PROJECT
image=$REGION-docker.pkg.dev/$PROJECT/csms/ocpp-csms
account() { echo "csms-$1@$PROJECT.iam.gserviceaccount.com"; }

gcloud services enable run.googleapis.com pubsub.googleapis.com firestore.googleapis.com \
  artifactregistry.googleapis.com cloudbuild.googleapis.com secretmanager.googleapis.com iam.googleapis.com \
  cloudresourcemanager.googleapis.com

gcloud artifacts repositories describe csms --location="$REGION" >/dev/null 2>&1 ||
  gcloud artifacts repositories create csms --location="$REGION" --repository-format=docker
gcloud builds submit --tag "$image"

gcloud firestore databases describe >/dev/null 2>&1 ||
  gcloud firestore databases create --location="$REGION" --type=firestore-native
npx --yes firebase-tools deploy --non-interactive --only firestore:indexes \
  --project "$PROJECT" --config deploy/firebase.json

# In the project, a service has only what cannot be bound to one topic, subscription or secret.
allow() {
  gcloud projects add-iam-policy-binding "$PROJECT" --member="serviceAccount:$(account "$1")" --role="$2" \
    --condition=None >/dev/null
}
for service in gateway device transaction user console provision; do
  gcloud iam service-accounts describe "$(account "$service")" >/dev/null 2>&1 ||
    gcloud iam service-accounts create "csms-$service"
  allow "$service" roles/logging.logWriter
done
for service in device transaction user; do allow "$service" roles/datastore.user; done
allow provision roles/pubsub.editor

# A gateway makes its topic and subscriptions when it starts, under names that are not known before; each process of
# the device service and of the console makes subscriptions too, and device deletes what failed gateways have left.
permissions=pubsub.topics.create,pubsub.topics.delete,pubsub.topics.attachSubscription
permissions+=,pubsub.subscriptions.create,pubsub.subscriptions.delete,pubsub.subscriptions.consume
verb=create
if gcloud iam roles describe csmsOwnTopics --project="$PROJECT" >/dev/null 2>&1; then verb=update; fi
gcloud iam roles "$verb" csmsOwnTopics --project="$PROJECT" --title="CSMS: topics of its own" --quiet \
  --permissions="$permissions" >/dev/null
for service in gateway device console; do allow "$service" "projects/$PROJECT/roles/csmsOwnTopics"; done

# A secret of so many random bytes, once, which these services alone may read.
secret() {
  gcloud secrets describe "$1" >/dev/null 2>&1 ||
    head -c "$2" /dev/urandom | base64 | tr -d '\n' | gcloud secrets create "$1" --data-file=-
  for service in "${@:3}"; do
    gcloud secrets add-iam-policy-binding "$1" --member="serviceAccount:$(account "$service")" \
      --role=roles/secretmanager.secretAccessor >/dev/null
  done
}
secret csms-api-token 30 device transaction user
# Secrets of stations and KeyCodes are hashed with it: if it is lost, all of them must be set anew.
secret csms-pepper 32 device user
# With it the audit trail is signed: whoever has it can write another trail.
secret csms-audit-key 32 device transaction user

# A message that ends the process of whoever handles it goes to the topic of the dead-letter policy: Pub/Sub moves
# it there itself, by its own account, which needs the right to do so.
gcloud beta services identity create --service=pubsub.googleapis.com >/dev/null
number=$(gcloud projects describe "$PROJECT" --format='value(projectNumber)')
pubsub=service-$number@gcp-sa-pubsub.iam.gserviceaccount.com

gcloud run jobs deploy csms-provision --image="$image" --region="$REGION" --args=provision \
  --service-account="$(account provision)" --set-env-vars="GOOGLE_CLOUD_PROJECT=$PROJECT" --execute-now --wait
gcloud pubsub topics add-iam-policy-binding UndeliverableMessage --member="serviceAccount:$pubsub" \
  --role=roles/pubsub.publisher >/dev/null
# For the project, as gateways make subscriptions of their own while they run.
gcloud projects add-iam-policy-binding "$PROJECT" --member="serviceAccount:$pubsub" \
  --role=roles/pubsub.subscriber --condition=None >/dev/null

# One line is one right. Lines of one service name different topics, so eight are set at a time.
bind() {
  grep "^$1 $2 " deploy/permissions.txt | cut -d' ' -f3 | xargs -P8 -I{} gcloud pubsub "$3" \
    add-iam-policy-binding {} --member="serviceAccount:$(account "$1")" --role="roles/pubsub.$2" >/dev/null
}
for service in gateway console; do bind "$service" publisher topics; done
for service in device transaction user; do
  bind "$service" subscriber subscriptions
  if [ "$ROUTING" = inbox ]; then
    # They answer to the topics of gateways, which come and go, and Pub/Sub knows no right to topics by prefix.
    allow "$service" roles/pubsub.publisher
  else
    bind "$service" publisher topics
  fi
done

# The TCP peer of a container is Cloud Run's front end, always at a link-local address, from which nothing else can
# come. It sets X-Forwarded-Proto and appends the client to X-Forwarded-For.
front_ends=169.254.0.0/16

# The URL of a service is known before it is deployed, and so is the audience of the ID tokens with which others ask it.
url() { echo "https://csms-$1-$number.$REGION.run.app"; }
# How people sign in: what this script is given of it, the APIs are given.
people=
for variable in ${!CSMS_OIDC_*} ${!CSMS_IAP_*}; do people+=";$variable=${!variable}"; done
accounts=gateway=$(account gateway),transaction=$(account transaction),user=$(account user),console=$(account console)

# Pull subscribers work between requests, so their CPU is always allocated and one instance always runs.
deploy() {
  local name=$1 variables=$2 access=--no-allow-unauthenticated secrets
  local token=CSMS_API_TOKEN=csms-api-token:latest
  local audit=CSMS_AUDIT_KEY=csms-audit-key:latest
  local pepper=CSMS_PEPPER=csms-pepper:1 # never a newer version: nothing that was hashed would match
  case $name in
    gateway | console) secrets=--clear-secrets ;;
    device | user) secrets=--set-secrets=$token,$audit,$pepper ;;
    transaction) secrets=--set-secrets=$token,$audit ;;
  esac
  if [ "$name" = gateway ] || [ "$APIS" = public ]; then access=--allow-unauthenticated; fi
  shift 2
  gcloud run deploy "csms-$name" --image="$image" --region="$REGION" --service-account="$(account "$name")" \
    "$secrets" --args="run,$name" --no-cpu-throttling --min-instances=1 "$access" \
    --startup-probe=httpGet.path=/readyz --liveness-probe=httpGet.path=/healthz \
    --set-env-vars="^;^GOOGLE_CLOUD_PROJECT=$PROJECT;CSMS_HOST=0.0.0.0;CSMS_SERVICE_ACCOUNTS=$accounts;CSMS_SERVICE_AUDIENCE=$(url "$name");CSMS_PUBLIC_HOSTS=*.run.app;CSMS_GATEWAY_HOST=0.0.0.0;CSMS_TRUSTED_PROXIES=$front_ends$variables" "$@"
}

# One service may ask another, also where that is private.
invoke() {
  gcloud run services add-iam-policy-binding "csms-$2" --region="$REGION" \
    --member="serviceAccount:$(account "$1")" --role=roles/run.invoker >/dev/null
}

# Each is deployed after those that it asks. Stations have no account of Google: the gateway is reached without one.
# Cloud Run always ends TLS, so no station comes without.
deploy device "$people;CSMS_MIN_SECURITY_PROFILE=2"
invoke gateway device
invoke user device
deploy user "$people;CSMS_DEVICE_URL=$(url device)"
invoke transaction user
deploy transaction "$people;CSMS_USER_URL=$(url user)"
for name in device transaction user; do invoke console "$name"; done
deploy console ";CSMS_DEVICE_URL=$(url device);CSMS_TRANSACTION_URL=$(url transaction);CSMS_USER_URL=$(url user)" \
  --timeout=3600
# Cloud Run ends a WebSocket after 60 minutes at most and holds 1,000 an instance.
deploy gateway ";CSMS_DEVICE_URL=$(url device);CSMS_GATEWAY_ROUTING=$ROUTING" --timeout=3600 --concurrency=1000

echo "stations: $(url gateway | sed s/^http/ws/)/ocpp/{stationId}"
for name in console device transaction user; do
  if [ "$APIS" = public ]; then
    echo "$name: $(url "$name")"
  else
    echo "$name: gcloud run services proxy csms-$name --project=$PROJECT --region=$REGION --port=8080"
  fi
done
echo "their token: gcloud secrets versions access latest --secret=csms-api-token --project=$PROJECT"
