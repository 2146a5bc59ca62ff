#!/usr/bin/env bash
# Deploys the CSMS to Google Cloud Run, on Pub/Sub and Firestore. Safe to run again: it changes what is there.
#   PROJECT=my-project REGION=europe-west1 deploy/deploy.sh
# Needs a project with billing, and of its owner: gcloud auth login && gcloud auth application-default login.
# npx (of Node.js) runs the Firebase CLI, which creates the indexes that are missing.
set -euo pipefail
: "${PROJECT:?the Google Cloud project}" "${REGION:=europe-west1}"
cd "$(dirname "$0")/.."
export CLOUDSDK_CORE_PROJECT=$PROJECT
image=$REGION-docker.pkg.dev/$PROJECT/csms/ocpp-csms
account=csms@$PROJECT.iam.gserviceaccount.com

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

gcloud iam service-accounts describe "$account" >/dev/null 2>&1 || gcloud iam service-accounts create csms
for role in roles/pubsub.editor roles/datastore.user roles/secretmanager.secretAccessor roles/logging.logWriter; do
  gcloud projects add-iam-policy-binding "$PROJECT" --member="serviceAccount:$account" --role="$role" \
    --condition=None >/dev/null
done
gcloud secrets describe csms-api-token >/dev/null 2>&1 ||
  head -c 30 /dev/urandom | base64 | tr -d '\n' | gcloud secrets create csms-api-token --data-file=-
# Secrets of stations and KeyCodes are hashed with it: if it is lost, all of them must be set anew.
gcloud secrets describe csms-pepper >/dev/null 2>&1 ||
  head -c 32 /dev/urandom | base64 | tr -d '\n' | gcloud secrets create csms-pepper --data-file=-
# With these the services ask each other; the gateway may ask for admission with its own, and nothing else.
for name in gateway transaction user; do
  gcloud secrets describe "csms-$name-key" >/dev/null 2>&1 ||
    head -c 32 /dev/urandom | base64 | tr -d '\n' | gcloud secrets create "csms-$name-key" --data-file=-
done

# A message that ends the process of whoever handles it goes to the topic of the dead-letter policy: Pub/Sub moves
# it there itself, by its own account, which needs the right to do so.
gcloud beta services identity create --service=pubsub.googleapis.com >/dev/null
pubsub=service-$(gcloud projects describe "$PROJECT" --format='value(projectNumber)')@gcp-sa-pubsub.iam.gserviceaccount.com

run_as=(--image="$image" --region="$REGION" --service-account="$account")
token=CSMS_API_TOKEN=csms-api-token:latest
pepper=CSMS_PEPPER=csms-pepper:1 # never a newer version: nothing that was hashed would match
key() { echo "/keys/$1/key=csms-$1-key:latest"; }
gcloud run jobs deploy csms-provision "${run_as[@]}" --args=provision \
  --set-env-vars="GOOGLE_CLOUD_PROJECT=$PROJECT" --execute-now --wait
gcloud pubsub topics add-iam-policy-binding UndeliverableMessage --member="serviceAccount:$pubsub" \
  --role=roles/pubsub.publisher >/dev/null
# For the project, as gateways make subscriptions of their own while they run.
gcloud projects add-iam-policy-binding "$PROJECT" --member="serviceAccount:$pubsub" \
  --role=roles/pubsub.subscriber --condition=None >/dev/null

# The TCP peer of a container is Cloud Run's front end, always at a link-local address, from which nothing else can
# come. It sets X-Forwarded-Proto and appends the client to X-Forwarded-For.
front_ends=169.254.0.0/16

# Pull subscribers work between requests, so their CPU is always allocated and one instance always runs.
deploy() {
  local name=$1 variables=$2 secrets
  case $name in
    gateway) secrets=$(key gateway) ;;
    device) secrets=$token,$pepper,$(key gateway),$(key user) ;;
    transaction) secrets=$token,$(key transaction) ;;
    user) secrets=$token,$pepper,$(key user),$(key transaction) ;;
  esac
  shift 2
  gcloud run deploy "csms-$name" "${run_as[@]}" --args="run,$name" --no-cpu-throttling --min-instances=1 \
    --allow-unauthenticated --set-secrets="$secrets" --startup-probe=httpGet.path=/readyz --liveness-probe=httpGet.path=/healthz \
    --set-env-vars="GOOGLE_CLOUD_PROJECT=$PROJECT,CSMS_HOST=0.0.0.0,CSMS_SERVICE_KEYS=/keys,CSMS_PUBLIC_HOSTS=*.run.app,CSMS_GATEWAY_HOST=0.0.0.0,CSMS_TRUSTED_PROXIES=$front_ends$variables" "$@"
}
url() { gcloud run services describe "csms-$1" --region="$REGION" --format='value(status.url)'; }

# Each is deployed after those that it asks.
deploy device ",CSMS_MIN_SECURITY_PROFILE=1"
deploy user ",CSMS_DEVICE_URL=$(url device)"
deploy transaction ",CSMS_USER_URL=$(url user)"
# Cloud Run ends a WebSocket after 60 minutes at most and holds 1,000 an instance.
deploy gateway ",CSMS_DEVICE_URL=$(url device),CSMS_GATEWAY_ROUTING=inbox" --timeout=3600 --concurrency=1000

echo "stations: $(url gateway | sed s/^http/ws/)/ocpp/{stationId}"
for name in device transaction user; do echo "$name: $(url "$name")/docs"; done
echo "their token: gcloud secrets versions access latest --secret=csms-api-token --project=$PROJECT"
